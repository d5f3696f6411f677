import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * One requirement on every layer of a Tag, as data for any test runner: provide a fresh layer of your
 * own, run it, and fail the test if the Effect fails.
 */
export interface ContractTest<R> {
  readonly name: string
  readonly run: Effect.Effect<void, unknown, R | Scope.Scope>
}

/** The requirements on every layer of a Tag. The suite of each Tag is beside it, in `contract.ts`. */
export type Contract<R> = ReadonlyArray<ContractTest<R>>
