import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** A clock on which every sleep is over at once, and has taken its time. */
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
