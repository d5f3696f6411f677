import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { EnvironmentName } from "../../domain/names.ts"
import { run as runProgram } from "../../programs/run.ts"
import { detachTerminal, exitLikeChild } from "./child-exit.ts"
import { argument, flag, leaf } from "./command.ts"
import { allowUnboundFlag } from "./context.ts"
import { environmentFlag, givenEnvironment } from "./names.ts"
import { say } from "./output.ts"

export const run = leaf(
  "run",
  {
    summary: "Run a program with the secrets of an environment on fd 3",
    description:
      "Without --env: development. The program gets the terminal and the signals, and its exit code is returned, as if tako were not there. It starts only if every value opens.",
    example: "tako run --env production -- node server.js",
    arguments: {
      command: argument.some("CMD", { summary: "The program and its arguments", passThrough: true })
    },
    flags: {
      environment: environmentFlag,
      asEnv: flag.boolean("as-env", {
        summary: "Pass the secrets as environment variables too, for programs that read nothing else"
      }),
      allowUnbound: allowUnboundFlag
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
      yield* detachTerminal
      return yield* exitLikeChild(exit)
    })
)
