import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Contract } from "../../src/services/contract.ts"

/** Runs each test of the contract on a fresh layer. */
export const testContract = <R>(
  title: string,
  contract: Contract<R>,
  layer: Layer.Layer<R, unknown, Scope.Scope>
) =>
  describe(title, () => {
    for (const { name, run } of contract) it.scopedLive(name, () => Effect.provide(run, layer))
  })
