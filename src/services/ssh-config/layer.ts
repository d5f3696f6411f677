import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import { printable } from "../../domain/printable.ts"
import type { Destination } from "../../domain/server-registry/destination.ts"
import { type Account, parseSettings } from "../../domain/ssh/ssh-settings.ts"
import { uniformConfig } from "../../domain/ssh/uniform-config.ts"
import { run } from "../helper-program/helper-program.ts"
import { type SshProgram, sshCommand } from "./ssh-command.ts"
import { SshConfig } from "./ssh-config.ts"

/** Asks `ssh -G`, which understands Match, Include, tokens and every keyword still to come. */
export const layerOf = (program: SshProgram): Layer.Layer<SshConfig> =>
  Layer.sync(SshConfig, () => {
    const runFor = sharingRuns((options, destination) => runSsh(program, options, destination))
    return {
      resolve: Effect.fn("SshConfig.resolve")((server, destination) =>
        Effect.flatMap(runFor(destination), ({ code, stdout, stderr }) => {
          const message = printable(stderr.trim().split(/\r?\n/)[0] ?? "").slice(0, 300)
          if (code !== 0) {
            return new Unresolved("ssh -G failed", message === "" ? "Look at ~/.ssh/config." : message)
          }
          return Option.match(parseSettings(stdout, account()), {
            onNone: () =>
              new Unresolved(
                "the ssh configuration names a host, user or port that tako does not accept",
                `See: ssh -G ${destination.host}`
              ),
            onSome: Effect.succeed
          })
        }).pipe(
          Effect.mapError(
            ({ reason, hint }) => new ServerUnreachable({ server, stage: "resolve", reason, hint })
          )
        )
      )
    }
  })

export const layer: Layer.Layer<SshConfig> = Layer.suspend(() => layerOf({ variables: process.env }))

/** Why ssh gave no answer. Servers share runs of it, so the error does not name one yet. */
class Unresolved extends Data.TaggedError("Unresolved")<{ readonly reason: string; readonly hint: string }> {
  constructor(reason: string, hint: string) {
    super({ reason, hint })
  }
}

/** A finished run of ssh. */
export interface SshRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const runSsh = (
  program: SshProgram,
  options: ReadonlyArray<string>,
  destination: Destination
): Effect.Effect<SshRun, Unresolved> => {
  const command = sshCommand(program, options, destination)
  return command === undefined
    ? new Unresolved(
        "there is no ssh on this machine",
        "Install the OpenSSH client: tako connects as its configuration says."
      )
    : run({ ...command, ownSession: true, timeLimit: 10_000, outputLimit: 2 * 1024 * 1024 }).pipe(
        Effect.mapBoth({
          onFailure: ({ reason }) =>
            reason === "timeout"
              ? new Unresolved("timeout", "ssh -G did not finish. Is there a Match exec in ~/.ssh/config?")
              : reason === "too-much-output"
                ? new Unresolved("ssh -G prints more than 2 MiB", "Look at ~/.ssh/config.")
                : new Unresolved("ssh could not be started", "Check that ssh runs: ssh -V"),
          onSuccess: ({ exitCode, stdout, stderr }) => ({
            code: exitCode,
            stdout: stdout.toString("utf8"),
            stderr: stderr.toString("utf8")
          })
        })
      )
}

/** A uid without an account has neither a home nor a name. */
const account = (): Account => {
  try {
    const { homedir, username } = Os.userInfo()
    return { home: homedir, localUser: username }
  } catch {
    return { home: "/nonexistent", localUser: "" }
  }
}

/** What `ssh -G` would print for a host, derived from what it printed for another; undefined when it cannot be derived. */
type OutputFor = (host: string) => string | undefined

/** In ms. The configuration may be edited while an embedder's process runs. */
const freshFor = 10_000

/**
 * Runs ssh for each destination, or just once for all hosts with the same user and port when its configuration files (which -v
 * lists) say the same about every host. 200 runs took a quarter of a sync's processor time.
 */
export const sharingRuns = <E>(
  run: (options: ReadonlyArray<string>, destination: Destination) => Effect.Effect<SshRun, E>
) => {
  const firstRuns = new Map<string, { readonly at: number; readonly others: Deferred.Deferred<OutputFor> }>()
  return (destination: Destination): Effect.Effect<SshRun, E> =>
    Effect.gen(function* () {
      const { host, user = "", port = "" } = destination
      const key = `${user} ${port}`
      const ownRun = run(["-G"], destination)
      const at = yield* Clock.currentTimeMillis
      const first = firstRuns.get(key)
      if (first !== undefined && at - first.at < freshFor) {
        const stdout = (yield* Deferred.await(first.others))(host)
        return stdout === undefined ? yield* ownRun : { code: 0, stdout, stderr: "" }
      }
      const others = Deferred.unsafeMake<OutputFor>(FiberId.none)
      firstRuns.set(key, { at, others })
      // Completed even when the run fails or is interrupted: those that wait can run ssh themselves.
      const finished = yield* Effect.onExit(run(["-v", "-G"], destination), (exit) =>
        Deferred.succeed(others, Exit.isSuccess(exit) ? outputFor(host, exit.value) : underivable)
      )
      // With -v, an error message comes after others, so a failed run is repeated without it.
      return finished.code === 0 ? finished : yield* ownRun
    })
}

const underivable: OutputFor = () => undefined

const outputFor = (host: string, { code, stdout, stderr }: SshRun): OutputFor => {
  const uniform = code === 0 && isVerbatim(host) ? uniformConfig(configTexts(stderr)) : undefined
  if (uniform === undefined) return underivable
  const names = uniform.setsHostname ? /^(host) .*$/gm : /^(host|hostname) .*$/gm
  return (other) => (isVerbatim(other) ? stdout.replace(names, `$1 ${other}`) : undefined)
}

/** Whether ssh prints the name exactly as it was given. */
const isVerbatim = (host: string): boolean => /^[a-z0-9][a-z0-9.-]*$/.test(host)

/** The files that -v lists. One that cannot be read, or whose name is cut off, counts as not uniform. */
const configTexts = (stderr: string): ReadonlyArray<string> =>
  [...stderr.matchAll(/^debug1: Reading configuration data (.*)$/gm)].map(([, path = ""]) => {
    try {
      return path.length < maxLoggedPath ? Fs.readFileSync(path, "utf8") : notUniform
    } catch {
      return notUniform
    }
  })

/** OpenSSH cuts longer names off. */
const maxLoggedPath = 200
const notUniform = "Match all"
