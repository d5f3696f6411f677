import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ProcessExit, SignalName } from "../../domain/process.ts"
import type { Entry } from "./processes.ts"
import type { Tree } from "./tree.ts"

/** How often to look whether a tree is gone: nobody tells, its members are not our children. */
const pause = Duration.millis(20)

/** How long to wait for what was killed: one that sleeps in the kernel (a dead network disk) may not end at all. */
const patience = Duration.seconds(2)

/** Waits until nothing of the tree runs. */
export const gone = (tree: Tree): Effect.Effect<void> =>
  Effect.suspend(() =>
    tree.running().length === 0 ? Effect.void : Effect.zipRight(Effect.sleep(pause), gone(tree))
  )

/**
 * SIGTERM to the process, and what it leaves behind when it has ended; SIGKILL to all that still run after the grace.
 * Each of them gets SIGTERM once: a parent that passes it on is not doubled. True when nothing of it runs any more.
 */
export const stop = (
  process: { readonly pid: number; readonly exit: Effect.Effect<ProcessExit> },
  tree: Tree,
  grace: Duration.DurationInput
): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(grace)
    const within = <A>(effect: Effect.Effect<A>) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.timeoutOption(effect, Duration.millis(Math.max(0, deadline - now)))
      )
    const send = (signal: SignalName, entries: ReadonlyArray<Entry>) => {
      for (const entry of entries) tree.send(entry, signal)
    }
    // To look through all processes takes long on a big machine, and nothing else happens meanwhile: no look too many.
    const before = tree.running()
    if (before.length === 0) return true
    send(
      "SIGTERM",
      before.filter(({ pid }) => pid === process.pid)
    )
    yield* within(process.exit)
    const left = tree.running()
    if (left.length === 0) return true
    send(
      "SIGTERM",
      left.filter(({ pid }) => pid !== process.pid)
    )
    if (Option.isSome(yield* within(gone(tree)))) return true
    // Again and again: between our look and the signal it may have started another one.
    const kill = Effect.suspend(() => {
      send("SIGKILL", tree.running())
      return Effect.timeoutOption(gone(tree), pause)
    })
    const killed = Effect.repeat(kill, { until: Option.isSome })
    return Option.isSome(yield* Effect.timeoutOption(killed, patience))
  })
