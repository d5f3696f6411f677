import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * One thing that every layer of a Tag must do, as data, so that any test runner can run it: provide a fresh layer of your
 * own, run it, and let the test fail when the Effect does.
 */
export interface ContractTest<R> {
  readonly name: string
  readonly run: Effect.Effect<void, unknown, R | Scope.Scope>
}

/** What every layer of a Tag must do. The suite of each Tag stands beside it, in `contract.ts`. */
export type Contract<R> = ReadonlyArray<ContractTest<R>>
