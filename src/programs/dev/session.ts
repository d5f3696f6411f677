import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { ProcessExit, SignalName } from "../../domain/process.ts"
import { ProcessSpawner } from "../../services/process-spawner/process-spawner.ts"
import { TerminalModes } from "../../services/terminal-modes/terminal-modes.ts"
import type { StableAddress } from "./address.ts"
import type { Notice } from "./dev.ts"
import type { Following } from "./following.ts"
import type { Plan } from "./plan.ts"
import type { Wishes } from "./signals.ts"

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

/** How long a program has to end when it is told to; then it is killed. */
const graceSeconds = 5
/** How long what a program leaves behind has to end by itself when Ctrl-C was pressed, which it has heard as well. */
const afterInterrupt = "1 second"

/** What a session is made of. */
export interface Around {
  readonly files: Following
  readonly address: StableAddress
  readonly wishes: Wishes
  readonly tell: (notice: Notice) => Effect.Effect<void>
}

/** A program that fails so soon after a change has started it fails because of the change. */
const startSeconds = 10

/** How a program ended, and the plan for which it had to. */
export interface Ran {
  readonly exit: ProcessExit
  /** It had hardly started. */
  readonly isEarly: boolean
  readonly next: Plan | undefined
}

/** Runs the program until it ends, a signal wants it to, or there is another plan; then nothing of it runs any more. */
export const runOnce = Effect.fnUntraced(function* (plan: Plan, { files, address, wishes, tell }: Around) {
  const { spawn } = yield* ProcessSpawner
  const entrance = yield* address.entrance
  const running = yield* spawn({
    command: plan.command,
    directory: plan.directory,
    environment: plan.variables,
    secrets: plan.secrets,
    secretsOf: plan.environment,
    readiness: true
  })
  const startedAt = yield* Clock.currentTimeMillis
  yield* wishes.program(running)
  const stop = running.stop(`${graceSeconds} seconds`)
  yield* Effect.addFinalizer((exit) => (Exit.isInterrupted(exit) ? stop : Effect.void))
  yield* Effect.forkScoped(entrance.open(running, plan.addresses))

  const end = yield* Effect.raceAll([
    Effect.map(running.exit, (exit) => ({ _tag: "Ended", exit }) as const),
    Effect.as(wishes.end, { _tag: "Told" } as const),
    Effect.map(files.next(plan, true), (change) => ({ _tag: "Changed", ...change }) as const)
  ])
  const isEarly = (yield* Clock.currentTimeMillis) - startedAt < 1000 * startSeconds
  if (end._tag === "Changed") {
    yield* wishes.forget
    yield* tell({ _tag: "Restarting", changes: end.changes })
    yield* entrance.close
  } else if (end._tag === "Ended" && Option.isSome(yield* wishes.heard)) {
    yield* Effect.timeoutOption(running.gone, afterInterrupt)
  }
  const isGone = yield* stop
  // One that had ended before may have been killed as well: by the system, for want of memory, and not by us.
  if (end._tag === "Ended") return { exit: end.exit, isEarly, next: undefined } satisfies Ran
  const exit: ProcessExit = isGone ? yield* running.exit : { _tag: "Signalled", signal: "SIGKILL" }
  if (exit._tag === "Signalled" && exit.signal === "SIGKILL")
    yield* tell({ _tag: "Killed", seconds: graceSeconds })
  return { exit, isEarly, next: end._tag === "Changed" ? end.plan : undefined } satisfies Ran
}, Effect.scoped)
