import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberStatus from "effect/FiberStatus"

/** Waits until the fiber is suspended. */
export const suspended = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): Effect.Effect<void> =>
  Fiber.status(fiber).pipe(
    Effect.tap(() => Effect.yieldNow()),
    Effect.repeat({ until: FiberStatus.isSuspended }),
    Effect.asVoid
  )
