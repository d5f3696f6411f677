import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { ProcessExit, SignalName } from "../../domain/process.ts"
import { TerminalModes } from "../../services/terminal-modes/terminal-modes.ts"
import type { Plan } from "./plan.ts"
import { type Around, runOnce } from "./run-once.ts"

/** Runs the program for each plan that follows, until it or a signal ends the session; tells how that was. */
export const session = Effect.fnUntraced(function* (first: Plan, around: Around) {
  const { files, wishes, tell } = around
  const restoreTerminal = yield* (yield* TerminalModes).save
  let plan = first
  for (let isFirst = true; ; isFirst = false) {
    const run = yield* Effect.either(runOnce(plan, around))
    const heard = Option.map(yield* wishes.heard, killedBy)
    if (Either.isLeft(run)) {
      if (isFirst) return yield* run.left
      if (Option.isSome(heard)) return heard.value
      yield* tell({ _tag: "NotStarted", error: run.left })
    } else {
      const { exit, isEarly, next } = run.right
      const failsByChange = !isFirst && isEarly && !isSuccess(exit)
      const isOver = next === undefined && (Option.isSome(heard) || !failsByChange)
      if (isOver && exit._tag === "Exited") return exit
      // It was killed, or told to end in the middle of something: it may have left the terminal as it needed it.
      yield* restoreTerminal
      if (isOver) return exit
      if (Option.isSome(heard)) return heard.value
      if (next !== undefined) {
        plan = next
        continue
      }
      yield* tell({ _tag: "Failed", exit })
    }
    const change = yield* Effect.raceFirst(Effect.map(wishes.end, killedBy), files.next(plan, false))
    if ("_tag" in change) return change
    plan = change.plan
  }
})

const killedBy = (signal: SignalName): ProcessExit => ({ _tag: "Signalled", signal })

const isSuccess = (exit: ProcessExit): boolean => exit._tag === "Exited" && exit.code === 0
