import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** A clock on which sleeping takes no real time, but advances the clock by the duration. */
export const hastyClock = (): Clock.Clock => {
  let nanos = 0n
  const clock = Clock.make()
  return {
    ...clock,
    unsafeCurrentTimeMillis: () => Number(nanos / 1_000_000n),
    unsafeCurrentTimeNanos: () => nanos,
    currentTimeMillis: Effect.sync(() => Number(nanos / 1_000_000n)),
    currentTimeNanos: Effect.sync(() => nanos),
    sleep: (duration) =>
      Effect.sync(() => {
        nanos += Duration.unsafeToNanos(duration)
      })
  }
}
