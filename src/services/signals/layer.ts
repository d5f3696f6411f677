import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type { SignalName } from "../../domain/process.ts"
import { Signals } from "./signals.ts"

type SignalHandler = (name: SignalName) => void

export const layer: Layer.Layer<Signals> = Layer.sync(Signals, () => {
  const handlers = new Map<SignalName, Array<SignalHandler>>()
  const listener = (name: SignalName): void => handlers.get(name)?.at(-1)?.(name)

  // Node's default handler starts the inspector, which other users of the machine can connect to.
  restoreDefault("SIGUSR1")

  const add = (name: SignalName, handler: SignalHandler): void => {
    const before = handlers.get(name) ?? []
    handlers.set(name, [...before, handler])
    if (before.length === 0) process.on(name, listener)
  }
  const remove = (name: SignalName, handler: SignalHandler): void => {
    const left = (handlers.get(name) ?? []).filter((other) => other !== handler)
    handlers.set(name, left)
    if (left.length === 0) process.off(name, listener)
  }

  return {
    handle: (names, onSignal) =>
      Effect.gen(function* () {
        const arrived = yield* Queue.unbounded<SignalName>()
        // Always interruptible, because closing the scope waits for it.
        const dispatch = Effect.interruptible(Effect.forever(Effect.flatMap(Queue.take(arrived), onSignal)))
        yield* Effect.forkScoped(dispatch)
        const handler: SignalHandler = (name) => Queue.unsafeOffer(arrived, name)
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            for (const name of names) add(name, handler)
          }),
          () =>
            Effect.sync(() => {
              for (const name of names) remove(name, handler)
            })
        )
      }),
    terminateWith: (name) =>
      Effect.sync(() => {
        restoreDefault(name)
        process.kill(process.pid, name)
        // Still running: the first process of a container does not die of its own signals (pid_namespaces(7)).
        return process.exit(128 + numberOf(name))
      })
  }
})

/** Takes over a signal that Node ignores or handles itself (PlatformInit in its node.cc), and releases it. */
const restoreDefault = (name: SignalName): void => {
  if (name === "SIGKILL" || name === "SIGSTOP") return
  process.on(name, () => {})
  process.removeAllListeners(name)
}

const numberOf = (name: SignalName): number =>
  (Os.constants.signals as Readonly<Record<string, number>>)[name] ?? 0
