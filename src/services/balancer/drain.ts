import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Drained } from "./balancer.ts"
import type { Member } from "./rotation.ts"

/** Waits until nothing is in flight, at most for the limit. */
export const untilIdle = (member: Member, limit: Duration.DurationInput): Effect.Effect<Drained> =>
  Effect.suspend(() => {
    if (member.inFlight === 0) return Effect.succeed("finished")
    const idle = Effect.async<void>((resume) => {
      const stop = member.onIdle(() => resume(Effect.void))
      return Effect.sync(stop)
    })
    return Effect.timeoutTo(idle, {
      duration: limit,
      onSuccess: (): Drained => "finished",
      onTimeout: (): Drained => (member.inFlight === 0 ? "finished" : "limit")
    })
  })
