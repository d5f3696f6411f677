import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

/**
 * A clock that stands still, and leaps to the next sleeper's time only inside `passing`. For programs whose services are
 * in memory, where time passes only by sleeping. TestClock takes 10 ms of real time per sleeper, which is a lot for a
 * server that checks its processes ten times a second.
 */
export const makeLeapingClock = () => {
  let now = 0
  let sleepers: ReadonlyArray<Sleeper> = []
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(now) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const millis = Duration.toMillis(duration)
        const sleeper = { until: now + millis, wake: () => resume(Effect.void) }
        sleepers = [...sleepers, sleeper]
        return Effect.sync(() => {
          sleepers = sleepers.filter((each) => each !== sleeper)
        })
      })
  }
  const leap = () => {
    const next = sleepers.reduce<Sleeper | undefined>(
      (first, each) => (first === undefined || each.until < first.until ? each : first),
      undefined
    )
    if (next === undefined || next.until === Number.POSITIVE_INFINITY) return
    now = Math.max(now, next.until)
    sleepers = sleepers.filter((each) => each !== next)
    next.wake()
  }
  /** Runs the effect while time passes: whenever nothing else is left to do, the clock leaps to the next sleeper. */
  const passing = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      let isOver = false
      let turns = 0
      const turn = () => {
        if (isOver) return
        // A few turns of the event loop let all other work finish.
        if (++turns % 3 === 0) leap()
        setImmediate(turn)
      }
      turn()
      return Effect.ensuring(
        effect,
        Effect.sync(() => {
          isOver = true
        })
      )
    })
  return { clock, passing }
}
