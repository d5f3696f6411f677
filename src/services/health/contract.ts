import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Contract } from "../contract.ts"
import { type Answer, Health } from "./health.ts"

export const token = Redacted.make("t0ken-of-this-instance")

/** Starts a server that gives this answer, and returns its port. */
export type Stage<R> = (answer: Answer) => Effect.Effect<number, never, R | Scope.Scope>

const answers: ReadonlyArray<readonly [Answer, boolean]> = [
  ["healthy", true],
  ["other", true],
  ["failing", true],
  ["refused", false]
]

/** What every Health must do, about servers that a stage of yours starts. */
export const contractOf = <R>(stage: Stage<R>): Contract<Health | R> => [
  ...answers.map(([answer, accepts]) => ({
    name: `reports ${JSON.stringify(answer)}, and whether something accepts connections`,
    run: Effect.gen(function* () {
      const health = yield* Health
      const port = yield* stage(answer)
      Assert.equal(yield* health.check({ port, token }), answer)
      Assert.equal(yield* health.accepts(port), accepts)
    })
  })),

  {
    name: "finds free ports that need no privileges",
    run: Effect.gen(function* () {
      const health = yield* Health
      const [one, two] = [yield* health.freePort, yield* health.freePort]
      Assert.ok(one > 1023 && two > 1023)
    })
  }
]
