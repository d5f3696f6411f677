import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { Watch } from "../../services/watch/watch.ts"
import { refreshTypes } from "../typegen.ts"
import type { Notice } from "./dev.ts"
import { changesBetween, type DevRequest, type Plan, plan } from "./plan.ts"

/** Editors and git change a file in several steps, so wait until there have been no changes for this long. */
const quietTime = "50 millis"
/** How long a file that does not parse may still be in the middle of being written. */
const writeTime = "300 millis"

/** Follows the files that determine the plan until the scope closes. */
export const followFiles = Effect.fnUntraced(function* (
  request: DevRequest,
  paths: ReadonlyArray<string>,
  notify: (notice: Notice) => Effect.Effect<void>
) {
  const { changed } = yield* (yield* Watch).open(paths)
  let isSeen = true
  let problem: string | undefined

  const quiet = (time: typeof quietTime | typeof writeTime): Effect.Effect<boolean> =>
    Effect.map(Effect.timeoutOption(changed, time), ({ _tag }) => _tag === "None")

  /** Reads the plan once the files are quiet, without prompting. */
  const read = Effect.gen(function* () {
    yield* Effect.repeat(quiet(quietTime), { until: (isQuiet) => isQuiet })
    const first = yield* Effect.either(plan(request, { ask: false }))
    if (Either.isRight(first)) return first
    yield* quiet(writeTime)
    return yield* Effect.either(plan(request, { ask: false }))
  })

  /**
   * Waits for a plan that differs from the current one. Reports a change that gives no plan, once, and waits for the next. If
   * interrupted, the next call sees the changes this one did not.
   */
  const next = Effect.fnUntraced(function* (current: Plan, isRunning: boolean) {
    for (;;) {
      if (isSeen) yield* changed
      isSeen = false
      const result = yield* read
      yield* refreshQuietly(notify)
      isSeen = true
      if (Either.isLeft(result)) {
        if (result.left.message !== problem) {
          problem = result.left.message
          yield* notify({ _tag: "ChangeRejected", error: result.left, isRunning })
        }
        continue
      }
      const changes = changesBetween(current, result.right)
      if (changes === undefined && problem !== undefined) yield* notify({ _tag: "Recovered", isRunning })
      problem = undefined
      if (changes !== undefined) return { plan: result.right, changes }
    }
  })
  return { next }
})

export type FileFollower = Effect.Effect.Success<ReturnType<typeof followFiles>>

/** Updates generated files. The program runs even if they cannot be written. */
export const refreshQuietly = (notify: (notice: Notice) => Effect.Effect<void>) =>
  refreshTypes().pipe(
    Effect.flatMap(({ changed }) =>
      changed.length === 0 ? Effect.void : notify({ _tag: "TypesRefreshed", paths: changed })
    ),
    Effect.ignore
  )
