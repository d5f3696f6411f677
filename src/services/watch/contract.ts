import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Contract } from "../contract.ts"
import { Watch, type Watched } from "./watch.ts"

export interface Stage<R> {
  readonly path: (name: string) => string
  /** Changes what is there, or makes it. */
  readonly touch: (name: string) => Effect.Effect<unknown, never, R>
}

/** Longer than any of the layers takes to tell; a change that is told comes much sooner. */
export const told = ({ changed }: Watched) =>
  Effect.timeoutFail(changed, { duration: "1 minute", onTimeout: () => new Error("nothing was told") })

/** What every Watch must do with files that a stage of yours changes. */
export const contractOf = <R>(
  makeStage: Effect.Effect<Stage<R>, never, Scope.Scope>
): Contract<Watch | R> => {
  const on = <A, E>(play: (stage: Stage<R>) => Effect.Effect<A, E, Watch | R | Scope.Scope>) =>
    Effect.flatMap(makeStage, play)

  return [
    {
      name: "tells of each of several files, and of one that is not there yet",
      run: on(({ path, touch }) =>
        Effect.gen(function* () {
          yield* touch("a")
          const watched = yield* (yield* Watch).open([path("a"), path("b")])
          for (const name of ["a", "b", "a", "b"]) {
            yield* touch(name)
            yield* told(watched)
          }
        })
      )
    },

    {
      name: "tells two watchers",
      run: on(({ path, touch }) =>
        Effect.gen(function* () {
          const { open } = yield* Watch
          const both = [yield* open([path("a")]), yield* open([path("b"), path("a")])]
          yield* touch("a")
          yield* Effect.forEach(both, told)
        })
      )
    },

    {
      name: "tells of no other file",
      run: on(({ path, touch }) =>
        Effect.gen(function* () {
          yield* touch("a")
          const watched = yield* (yield* Watch).open([path("a")])
          yield* touch("b")
          Assert.ok(Option.isNone(yield* Effect.timeoutOption(watched.changed, "400 millis")))
        })
      )
    }
  ]
}
