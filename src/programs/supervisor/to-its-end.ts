import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/**
 * Runs it whole where we must not be interrupted; what loses a race within it can be, as usual. (A race in a region that is
 * not interruptible waits for its loser, which may never end.)
 */
export const toItsEnd = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptible(Effect.flatMap(Effect.fork(Effect.interruptible(effect)), Fiber.join))
