import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { Watch, type Watched } from "../../../src/services/watch/watch.ts"

export interface Stage<R> {
  readonly path: (name: string) => string
  /** Changes what is there, or makes it. */
  readonly touch: (name: string) => Effect.Effect<unknown, never, R>
}

/** Longer than any of the layers takes to tell; a change that is told comes much sooner. */
export const told = ({ changed }: Watched) =>
  Effect.timeoutFail(changed, { duration: "1 minute", onTimeout: () => new Error("nothing was told") })

export const contract = <R>(
  title: string,
  layer: Layer.Layer<Watch | R>,
  makeStage: Effect.Effect<Stage<R>, never, Scope.Scope>
) => {
  const on = <A, E>(play: (stage: Stage<R>) => Effect.Effect<A, E, Watch | R | Scope.Scope>) =>
    Effect.flatMap(makeStage, play).pipe(Effect.scoped, Effect.provide(layer))

  describe(title, () => {
    it.live("tells of each of several files, and of one that is not there yet", () =>
      on(({ path, touch }) =>
        Effect.gen(function* () {
          yield* touch("a")
          const watched = yield* (yield* Watch).open([path("a"), path("b")])
          for (const name of ["a", "b", "a", "b"]) {
            yield* touch(name)
            yield* told(watched)
          }
        })
      )
    )

    it.live("tells two watchers", () =>
      on(({ path, touch }) =>
        Effect.gen(function* () {
          const { open } = yield* Watch
          const both = [yield* open([path("a")]), yield* open([path("b"), path("a")])]
          yield* touch("a")
          yield* Effect.forEach(both, told)
        })
      )
    )

    it.live("tells of no other file", () =>
      on(({ path, touch }) =>
        Effect.gen(function* () {
          yield* touch("a")
          const watched = yield* (yield* Watch).open([path("a")])
          yield* touch("b")
          assert.isTrue(Option.isNone(yield* Effect.timeoutOption(watched.changed, "400 millis")))
        })
      )
    )
  })
}
