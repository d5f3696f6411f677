import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ExitCode } from "./exit-code.ts"

/** Carries the exit code that a handler returned past @effect/cli, which drops what handlers return. */
export class Outcome extends Context.Tag("tako/cli/Outcome")<
  Outcome,
  {
    readonly endWith: (code: ExitCode) => Effect.Effect<void>
  }
>() {}
