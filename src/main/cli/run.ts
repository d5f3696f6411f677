import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { EnvironmentName } from "../../domain/names.ts"
import type { ProcessExit } from "../../domain/process.ts"
import { run as runProgram } from "../../programs/run.ts"
import { Signals } from "../../services/signals/signals.ts"
import { isTerminal } from "../../services/stdio/is-terminal.ts"
import { leaf } from "./command.ts"
import { environmentFlag, givenEnvironment } from "./names.ts"
import { say } from "./output.ts"
import { argument, flag } from "./parameters.ts"

export const run = leaf(
  "run",
  {
    summary: "Start a program with the secrets of an environment on fd 3",
    description:
      "Without --env: development. The program has the terminal, the signals and the exit code as if tako were not there. Nothing is started unless every value opens.",
    example: "tako run --env production -- node server.js",
    arguments: {
      command: argument.some("CMD", { summary: "The program and its arguments", passThrough: true })
    },
    flags: {
      environment: environmentFlag,
      asEnv: flag.boolean("as-env", {
        summary: "Also as environment variables, for programs that can do nothing else"
      })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const given = yield* givenEnvironment(input.environment)
      const environment = Option.getOrElse(given, () => "development" as EnvironmentName)
      if (input.asEnv) {
        yield* say(
          "warning: --as-env puts every secret into the program's environment, where its children, crash reports and /proc show it"
        )
      }
      const exit = yield* runProgram(
        environment,
        { command: input.command, environment: process.env },
        { asEnvironmentVariables: input.asEnv }
      )
      yield* letGoOfTerminal
      return yield* endAs(exit)
    })
)

/**
 * Node gives a terminal the attributes back that it had when Node started (ResetStdio in its node.cc): that would undo
 * what the program set, and from the background what the shell's next program has set. Not for another file, though.
 */
const letGoOfTerminal = Effect.sync(() => {
  for (const fd of [0, 1, 2]) {
    if (!isTerminal(fd)) continue
    Fs.closeSync(fd)
    // The lowest number that is free: this one (open(2)).
    Fs.openSync("/dev/null", fd === 0 ? "r" : "w")
  }
})

/** These would leave a core dump of ours beside the program's (signal(7)). */
const dumpsCore = new Set([
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGSEGV",
  "SIGSYS",
  "SIGXCPU",
  "SIGXFSZ"
])

/** Ends as the program did: with its exit code, or of the same signal. */
const endAs = (exit: ProcessExit) => {
  if (exit._tag === "Exited") return Effect.succeed(exit.code)
  const { signal } = exit
  return dumpsCore.has(signal)
    ? Effect.succeed(128 + (Os.constants.signals[signal as NodeJS.Signals] ?? 0))
    : Effect.flatMap(Signals, ({ dieOf }) => dieOf(signal))
}
