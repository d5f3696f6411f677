import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { Watch } from "../../services/watch/watch.ts"
import { refreshTypes } from "../typegen.ts"
import type { Notice } from "./dev.ts"
import { type Asked, changesBetween, type Plan, plan } from "./plan.ts"

/** What an editor, or git, does to a file comes in several steps. */
const settled = "50 millis"
/** How long a file may be in the middle of being written to. */
const halfWritten = "300 millis"

/** Follows the files that a plan is made of, as long as the scope is open. */
export const following = Effect.fnUntraced(function* (
  asked: Asked,
  paths: ReadonlyArray<string>,
  tell: (notice: Notice) => Effect.Effect<void>
) {
  const { changed } = yield* (yield* Watch).open(paths)
  let isSeen = true
  let problem: string | undefined

  const quiet = (time: typeof settled | typeof halfWritten): Effect.Effect<boolean> =>
    Effect.map(Effect.timeoutOption(changed, time), ({ _tag }) => _tag === "None")

  /** As the files are when they have come to rest; nobody is asked for anything. */
  const read = Effect.gen(function* () {
    yield* Effect.repeat(quiet(settled), { until: (isQuiet) => isQuiet })
    const first = yield* Effect.either(plan(asked, { ask: false }))
    if (Either.isRight(first)) return first
    yield* quiet(halfWritten)
    return yield* Effect.either(plan(asked, { ask: false }))
  })

  /**
   * Waits for a plan that differs from this one. A change that gives none is told, once, and waited out. May be interrupted
   * and asked again: what it did not get to see it looks at then.
   */
  const next = Effect.fnUntraced(function* (current: Plan, isRunning: boolean) {
    for (;;) {
      if (isSeen) yield* changed
      isSeen = false
      const found = yield* read
      yield* refreshQuietly(tell)
      isSeen = true
      if (Either.isLeft(found)) {
        if (found.left.message !== problem) {
          problem = found.left.message
          yield* tell({ _tag: "NotFollowed", error: found.left, isRunning })
        }
        continue
      }
      const changes = changesBetween(current, found.right)
      if (changes === undefined && problem !== undefined) yield* tell({ _tag: "Mended", isRunning })
      problem = undefined
      if (changes !== undefined) return { plan: found.right, changes }
    }
  })
  return { next }
})

export type Following = Effect.Effect.Success<ReturnType<typeof following>>

/** Keeps generated files as they should be; that they cannot be written is no reason not to run the program. */
export const refreshQuietly = (tell: (notice: Notice) => Effect.Effect<void>) =>
  refreshTypes().pipe(
    Effect.flatMap(({ changed }) =>
      changed.length === 0 ? Effect.void : tell({ _tag: "TypesRefreshed", paths: changed })
    ),
    Effect.ignore
  )
