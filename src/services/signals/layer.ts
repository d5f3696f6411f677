import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type { SignalName } from "../../domain/process.ts"
import { Signals } from "./signals.ts"

type Taker = (name: SignalName) => void

export const layer: Layer.Layer<Signals> = Layer.sync(Signals, () => {
  const takers = new Map<SignalName, Array<Taker>>()
  const listener = (name: SignalName): void => takers.get(name)?.at(-1)?.(name)

  const add = (name: SignalName, taker: Taker): void => {
    const before = takers.get(name) ?? []
    takers.set(name, [...before, taker])
    if (before.length === 0) process.on(name, listener)
  }
  const remove = (name: SignalName, taker: Taker): void => {
    const left = (takers.get(name) ?? []).filter((other) => other !== taker)
    takers.set(name, left)
    if (left.length === 0) process.off(name, listener)
  }

  return {
    take: (names, onSignal) =>
      Effect.gen(function* () {
        const arrived = yield* Queue.unbounded<SignalName>()
        // Interruptible wherever it is taken: the scope's end waits for it.
        const passOn = Effect.interruptible(Effect.forever(Effect.flatMap(Queue.take(arrived), onSignal)))
        yield* Effect.forkScoped(passOn)
        const taker: Taker = (name) => Queue.unsafeOffer(arrived, name)
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            for (const name of names) add(name, taker)
          }),
          () =>
            Effect.sync(() => {
              for (const name of names) remove(name, taker)
            })
        )
      }),
    dieOf: (name) =>
      Effect.sync(() => {
        // Node's own handler for SIGUSR1 starts the inspector, and it ignores SIGPIPE: of these two it cannot die.
        if (name !== "SIGUSR1" && name !== "SIGPIPE") {
          process.removeAllListeners(name)
          process.kill(process.pid, name)
        }
        return process.exit(128 + numberOf(name))
      })
  }
})

const numberOf = (name: SignalName): number =>
  (Os.constants.signals as Readonly<Record<string, number>>)[name] ?? 0
