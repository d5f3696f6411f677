import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type { SignalName } from "../../domain/process.ts"
import { Signals } from "./signals.ts"

/** Sends this process a signal, and shows which ones ended it. */
export class SignalsControl extends Context.Tag("tako/SignalsControl")<
  SignalsControl,
  {
    /** False if no handler is registered. */
    readonly send: (name: SignalName) => Effect.Effect<boolean>
    readonly terminatedBy: Effect.Effect<ReadonlyArray<SignalName>>
  }
>() {}

type SignalHandler = {
  readonly names: ReadonlyArray<SignalName>
  readonly on: (name: SignalName) => Effect.Effect<void>
}

/** Signals sent by a test. A process that one ended does not continue, like a real one. */
export const layerMemory: Layer.Layer<Signals | SignalsControl> = Layer.effectContext(
  Effect.gen(function* () {
    const handlers = yield* Ref.make<ReadonlyArray<SignalHandler>>([])
    const terminations = yield* Ref.make<ReadonlyArray<SignalName>>([])
    return Context.make(Signals, {
      handle: (names, on) => {
        const handler: SignalHandler = { names, on }
        return Effect.acquireRelease(
          Ref.update(handlers, (all) => [...all, handler]),
          () => Ref.update(handlers, (all) => all.filter((other) => other !== handler))
        )
      },
      terminateWith: (name) =>
        Effect.zipRight(
          Ref.update(terminations, (all) => [...all, name]),
          Effect.never
        )
    }).pipe(
      Context.add(SignalsControl, {
        send: (name) =>
          Effect.gen(function* () {
            const handler = (yield* Ref.get(handlers)).findLast(({ names }) => names.includes(name))
            if (handler === undefined) return false
            yield* handler.on(name)
            return true
          }),
        terminatedBy: Ref.get(terminations)
      })
    )
  })
)
