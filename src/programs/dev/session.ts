import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { ProcessExit, SignalName } from "../../domain/process.ts"
import { ProcessSpawner } from "../../services/process-spawner/process-spawner.ts"
import { TerminalModes } from "../../services/terminal-modes/terminal-modes.ts"
import type { DevAddress } from "./address.ts"
import type { Notice } from "./dev.ts"
import type { FileFollower } from "./follow-files.ts"
import type { Plan } from "./plan.ts"
import type { SessionSignals } from "./signals.ts"

/** Time between SIGTERM and SIGKILL. */
const graceSeconds = 5
/** After Ctrl-C the program's children got the signal too, so they have this long to exit by themselves. */
const afterInterrupt = "1 second"

/** What a session works with. */
export interface SessionParts {
  readonly files: FileFollower
  readonly address: DevAddress
  readonly signals: SessionSignals
  readonly notify: (notice: Notice) => Effect.Effect<void>
}

/** A program that fails this soon after a restart probably fails because of the change. */
const earlySeconds = 10

/** Runs the program for one plan after the other, until it or a signal ends the session. Returns how it exited. */
export const session = Effect.fnUntraced(function* (first: Plan, parts: SessionParts) {
  const { files, signals, notify } = parts
  const restoreTerminal = yield* (yield* TerminalModes).save
  let plan = first
  for (let isFirst = true; ; isFirst = false) {
    const run = yield* Effect.either(runOnce(plan, parts))
    const received = Option.map(yield* signals.received, killedBy)
    if (Either.isLeft(run)) {
      if (isFirst) return yield* run.left
      if (Option.isSome(received)) return received.value
      yield* notify({ _tag: "NotStarted", error: run.left })
    } else {
      const { exit, isEarly, next } = run.right
      const failsByChange = !isFirst && isEarly && !isSuccess(exit)
      const isOver = next === undefined && (Option.isSome(received) || !failsByChange)
      if (isOver && exit._tag === "Exited") return exit
      // It was killed or interrupted, and may have left the terminal in raw mode.
      yield* restoreTerminal
      if (isOver) return exit
      if (Option.isSome(received)) return received.value
      if (next !== undefined) {
        plan = next
        continue
      }
      yield* notify({ _tag: "Failed", exit })
    }
    const change = yield* Effect.raceFirst(Effect.map(signals.end, killedBy), files.next(plan, false))
    if ("_tag" in change) return change
    plan = change.plan
  }
})

const killedBy = (signal: SignalName): ProcessExit => ({ _tag: "Signalled", signal })

const isSuccess = (exit: ProcessExit): boolean => exit._tag === "Exited" && exit.code === 0

/** How a run ended, and the plan it was stopped for, if any. */
export interface Ran {
  readonly exit: ProcessExit
  /** Whether it exited right after it started. */
  readonly isEarly: boolean
  readonly next: Plan | undefined
}

/** Runs the program until it exits, a signal ends the session, or the plan changes. Leaves none of its processes behind. */
export const runOnce = Effect.fnUntraced(function* (
  plan: Plan,
  { files, address, signals, notify }: SessionParts
) {
  const { spawn } = yield* ProcessSpawner
  const route = yield* address.route
  const running = yield* spawn({
    command: plan.command,
    directory: plan.directory,
    environment: plan.variables,
    secrets: plan.secrets,
    secretsOf: plan.environment,
    readiness: true
  })
  const startedAt = yield* Clock.currentTimeMillis
  yield* signals.program(running)
  const stop = running.stop(`${graceSeconds} seconds`)
  yield* Effect.addFinalizer((exit) => (Exit.isInterrupted(exit) ? stop : Effect.void))
  yield* Effect.forkScoped(route.open(running, plan.addresses))

  const end = yield* Effect.raceAll([
    Effect.map(running.exit, (exit) => ({ _tag: "Ended", exit }) as const),
    Effect.as(signals.end, { _tag: "Signalled" } as const),
    Effect.map(files.next(plan, true), (change) => ({ _tag: "Changed", ...change }) as const)
  ])
  const isEarly = (yield* Clock.currentTimeMillis) - startedAt < 1000 * earlySeconds
  if (end._tag === "Changed") {
    yield* signals.forgetInterrupt
    yield* notify({ _tag: "Restarting", changes: end.changes })
    yield* route.close
  } else if (end._tag === "Ended" && Option.isSome(yield* signals.received)) {
    yield* Effect.timeoutOption(running.gone, afterInterrupt)
  }
  const isGone = yield* stop
  // A program that exited on its own may have been killed too, but by the system (out of memory), not by us.
  if (end._tag === "Ended") return { exit: end.exit, isEarly, next: undefined } satisfies Ran
  const exit: ProcessExit = isGone ? yield* running.exit : { _tag: "Signalled", signal: "SIGKILL" }
  if (exit._tag === "Signalled" && exit.signal === "SIGKILL")
    yield* notify({ _tag: "Killed", seconds: graceSeconds })
  return { exit, isEarly, next: end._tag === "Changed" ? end.plan : undefined } satisfies Ran
}, Effect.scoped)
