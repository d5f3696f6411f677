import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Contract } from "../contract.ts"
import { Watch, type Watched } from "./watch.ts"

export interface Stage<R> {
  readonly path: (name: string) => string
  /** Changes the file, or creates it. */
  readonly touch: (name: string) => Effect.Effect<unknown, never, R>
}

/** Waits for a report, longer than any layer should take. */
export const reported = ({ changed }: Watched) =>
  Effect.timeoutFail(changed, { duration: "1 minute", onTimeout: () => new Error("no change was reported") })

/** What every Watch must do with files that a stage of yours changes. */
export const contractOf = <R>(
  makeStage: Effect.Effect<Stage<R>, never, Scope.Scope>
): Contract<Watch | R> => {
  const on = <A, E>(play: (stage: Stage<R>) => Effect.Effect<A, E, Watch | R | Scope.Scope>) =>
    Effect.flatMap(makeStage, play)

  return [
    {
      name: "reports changes of each of several files, and of one that does not exist yet",
      run: on(({ path, touch }) =>
        Effect.gen(function* () {
          yield* touch("a")
          const watched = yield* (yield* Watch).open([path("a"), path("b")])
          for (const name of ["a", "b", "a", "b"]) {
            yield* touch(name)
            yield* reported(watched)
          }
        })
      )
    },

    {
      name: "reports a change to two watchers",
      run: on(({ path, touch }) =>
        Effect.gen(function* () {
          const { open } = yield* Watch
          const both = [yield* open([path("a")]), yield* open([path("b"), path("a")])]
          yield* touch("a")
          yield* Effect.forEach(both, reported)
        })
      )
    },

    {
      name: "reports no other file",
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
