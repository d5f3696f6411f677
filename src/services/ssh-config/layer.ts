import type { ChildProcess } from "node:child_process"
import * as Os from "node:os"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import { printable } from "../../domain/printable.ts"
import type { Destination } from "../../domain/server-registry/destination.ts"
import { parseSettings } from "../../domain/ssh/ssh-settings.ts"
import { answersOf, type Ended } from "./answers.ts"
import { type SshProgram, startSsh } from "./run-ssh.ts"
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
): Effect.Effect<Ended, Refusal> =>
  Effect.acquireUseRelease(
    Effect.try({
      try: () => startSsh(program, options, destination),
      catch: () => new Refusal("ssh could not be started", "Check that ssh runs: ssh -V")
    }),
    (child) =>
      child === undefined
        ? new Refusal(
            "there is no ssh on this machine",
            "Install OpenSSH's client: its configuration says how to get there."
          )
        : outputOf(child),
    (child) =>
      Effect.sync(() => {
        if (child?.exitCode === null && child.signalCode === null) child.kill("SIGKILL")
      })
  ).pipe(
    Effect.timeoutFail({
      duration: "10 seconds",
      onTimeout: () => new Refusal("timeout", "ssh -G did not end. Is there a Match exec in ~/.ssh/config?")
    })
  )

export const layer: Layer.Layer<SshConfig> = Layer.suspend(() => layerOf({ variables: process.env }))

const largest = 1024 * 1024

const outputOf = (child: ChildProcess) =>
  Effect.async<Ended>((resume) => {
    const collected = { out: "", err: "" }
    const collect = (into: "out" | "err") => (text: string) => {
      if (collected[into].length < largest) collected[into] += text
    }
    child.stdout?.setEncoding("utf8").on("data", collect("out"))
    child.stderr?.setEncoding("utf8").on("data", collect("err"))
    child.stdin?.on("error", () => {}).end()
    child.once("error", () => resume(Effect.succeed({ code: 127, ...collected })))
    child.once("close", (code) => resume(Effect.succeed({ code, ...collected })))
  })

/** A uid without an account has no folder and no name. */
const surroundings = () => {
  try {
    const { homedir, username } = Os.userInfo()
    return { home: homedir, localUser: username }
  } catch {
    return { home: "/nonexistent", localUser: "" }
  }
}
