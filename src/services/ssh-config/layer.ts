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
import { parseSettings } from "../../domain/ssh/ssh-settings.ts"
import { uniformConfig } from "../../domain/ssh/uniform-config.ts"
import { run } from "../helper-program/helper-program.ts"
import { type SshProgram, sshCommand } from "./ssh-command.ts"
import { SshConfig } from "./ssh-config.ts"

/** Asks `ssh -G`, which knows Match, Include, tokens and all that is to come. */
export const layerOf = (program: SshProgram): Layer.Layer<SshConfig> =>
  Layer.sync(SshConfig, () => {
    const answerOf = answersOf((options, destination) => ask(program, options, destination))
    return {
      resolve: Effect.fn("SshConfig.resolve")((server, destination) =>
        Effect.flatMap(answerOf(destination), ({ code, out, err }) => {
          const said = printable(err.trim().split(/\r?\n/)[0] ?? "").slice(0, 300)
          if (code !== 0) return new Refusal("ssh -G failed", said === "" ? "Look at ~/.ssh/config." : said)
          return Option.match(parseSettings(out, surroundings()), {
            onNone: () =>
              new Refusal(
                "the ssh configuration names a host, user or port that tako does not take",
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

/** Why there is no answer, whichever server it was asked for. */
class Refusal extends Data.TaggedError("Refusal")<{ readonly reason: string; readonly hint: string }> {
  constructor(reason: string, hint: string) {
    super({ reason, hint })
  }
}

const ask = (
  program: SshProgram,
  options: ReadonlyArray<string>,
  destination: Destination
): Effect.Effect<Answer, Refusal> => {
  const command = sshCommand(program, options, destination)
  return command === undefined
    ? new Refusal(
        "there is no ssh on this machine",
        "Install OpenSSH's client: its configuration says how to get there."
      )
    : run({ ...command, ownSession: true, timeLimit: 10_000, outputLimit: 2 * 1024 * 1024 }).pipe(
        Effect.mapBoth({
          onFailure: ({ reason }) =>
            reason === "timeout"
              ? new Refusal("timeout", "ssh -G did not end. Is there a Match exec in ~/.ssh/config?")
              : reason === "too-much-output"
                ? new Refusal("ssh -G prints more than 2 MiB", "Look at ~/.ssh/config.")
                : new Refusal("ssh could not be started", "Check that ssh runs: ssh -V"),
          onSuccess: ({ exitCode, stdout, stderr }) => ({
            code: exitCode,
            out: stdout.toString("utf8"),
            err: stderr.toString("utf8")
          })
        })
      )
}

export const layer: Layer.Layer<SshConfig> = Layer.suspend(() => layerOf({ variables: process.env }))

/** A uid without an account has no folder and no name. */
const surroundings = () => {
  try {
    const { homedir, username } = Os.userInfo()
    return { home: homedir, localUser: username }
  } catch {
    return { home: "/nonexistent", localUser: "" }
  }
}

/** What ssh printed, and its exit code. */
export interface Answer {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** What `ssh -G` would print for a host, as far as what it printed for another one tells. */
type OutputFor = (host: string) => string | undefined

/** How long an answer is good for, in ms: a configuration may be edited while an embedder's process runs. */
const freshFor = 10_000

/**
 * Asks ssh of each destination, or once for all hosts with the same user and port, when the files that it read (it names
 * them with -v) say the same of every host: 200 runs of it were a quarter of the processor time that a sync takes itself.
 */
export const answersOf = <E>(
  ask: (options: ReadonlyArray<string>, destination: Destination) => Effect.Effect<Answer, E>
) => {
  const firsts = new Map<string, { readonly at: number; readonly others: Deferred.Deferred<OutputFor> }>()
  return (destination: Destination): Effect.Effect<Answer, E> =>
    Effect.gen(function* () {
      const { host, user = "", port = "" } = destination
      const key = `${user} ${port}`
      const alone = ask(["-G"], destination)
      const at = yield* Clock.currentTimeMillis
      const first = firsts.get(key)
      if (first !== undefined && at - first.at < freshFor) {
        const out = (yield* Deferred.await(first.others))(host)
        return out === undefined ? yield* alone : { code: 0, out, err: "" }
      }
      const others = Deferred.unsafeMake<OutputFor>(FiberId.none)
      firsts.set(key, { at, others })
      // However it ends, nobody waits any longer: the others can ask for themselves.
      const ended = yield* Effect.onExit(ask(["-v", "-G"], destination), (exit) =>
        Deferred.succeed(others, Exit.isSuccess(exit) ? outputFor(host, exit.value) : unknown)
      )
      // What it says of a mistake begins with what -v says.
      return ended.code === 0 ? ended : yield* alone
    })
}

const unknown: OutputFor = () => undefined

const outputFor = (host: string, { code, out, err }: Answer): OutputFor => {
  const uniform = code === 0 && isPlain(host) ? uniformConfig(textsOf(err)) : undefined
  if (uniform === undefined) return unknown
  const names = uniform.setsHostname ? /^(host) .*$/gm : /^(host|hostname) .*$/gm
  return (other) => (isPlain(other) ? out.replace(names, `$1 ${other}`) : undefined)
}

/** A name that ssh prints as it was given. */
const isPlain = (host: string): boolean => /^[a-z0-9][a-z0-9.-]*$/.test(host)

/** Of the files that -v names; one that cannot be read, or whose name is cut off, tells hosts apart. */
const textsOf = (err: string): ReadonlyArray<string> =>
  [...err.matchAll(/^debug1: Reading configuration data (.*)$/gm)].map(([, path = ""]) => {
    try {
      return path.length < longestName ? Fs.readFileSync(path, "utf8") : unreadable
    } catch {
      return unreadable
    }
  })

/** OpenSSH cuts them off there. */
const longestName = 200
const unreadable = "Match all"
