import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { type Answer, Health } from "../../../src/services/health/health.ts"

export const token = Redacted.make("t0ken-of-this-instance")

/** Has something listen that answers so, and tells its port. */
export type Stage<R> = (answer: Answer) => Effect.Effect<number, never, R | Scope.Scope>

export const contract = <R>(title: string, layer: Layer.Layer<Health | R>, stage: Stage<R>) =>
  describe(title, () => {
    it.scopedLive.each<readonly [Answer, boolean]>([
      ["healthy", true],
      ["other", true],
      ["failing", true],
      ["refused", false]
    ])("is answered %j, and tells whether somebody accepts", ([answer, accepts]) =>
      Effect.gen(function* () {
        const health = yield* Health
        const port = yield* stage(answer)
        assert.strictEqual(yield* health.check({ port, token }), answer)
        assert.strictEqual(yield* health.accepts(port), accepts)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("gives out ports that nobody has", () =>
      Effect.gen(function* () {
        const health = yield* Health
        const [one, two] = [yield* health.freePort, yield* health.freePort]
        assert.isTrue(one > 1023 && two > 1023)
      }).pipe(Effect.provide(layer))
    )
  })
