import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import type { Contract } from "../contract.ts"
import { TerminalModes } from "./terminal-modes.ts"

/** The modes of the terminal, as any text, and two ways to change them to something else than at first. */
export interface Modes<R> {
  readonly current: Effect.Effect<string, never, R>
  readonly spoil: Effect.Effect<void, never, R>
  readonly spoilOtherwise: Effect.Effect<void, never, R>
}

/** What every TerminalModes must do. */
export const contractOf = <R>({ current, spoil, spoilOtherwise }: Modes<R>): Contract<TerminalModes | R> => [
  {
    name: "restores the modes that were saved, as often as it is asked to",
    run: Effect.gen(function* () {
      const before = yield* current
      const restore = yield* (yield* TerminalModes).save
      for (const change of [spoil, spoilOtherwise]) {
        yield* change
        Assert.notEqual(yield* current, before)
        yield* restore
        Assert.equal(yield* current, before)
      }
    })
  },

  {
    name: "restores each time what was saved then",
    run: Effect.gen(function* () {
      const { save } = yield* TerminalModes
      const restoreFirst = yield* save
      const first = yield* current
      yield* spoil
      const spoilt = yield* current
      const restoreSpoilt = yield* save
      yield* spoilOtherwise
      Assert.notEqual(yield* current, spoilt)
      yield* restoreSpoilt
      Assert.equal(yield* current, spoilt)
      yield* restoreFirst
      Assert.equal(yield* current, first)
    })
  }
]
