import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type { SignalName } from "../../domain/process.ts"
import { Signals } from "./signals.ts"

/** Sends this process a signal, and shows which one it died of. */
export class SignalsControl extends Context.Tag("tako/SignalsControl")<
  SignalsControl,
  {
    /** False if no handler is registered. */
    readonly send: (name: SignalName) => Effect.Effect<boolean>
    readonly diedOf: Effect.Effect<ReadonlyArray<SignalName>>
  }
>() {}

type Taker = {
  readonly names: ReadonlyArray<SignalName>
  readonly on: (name: SignalName) => Effect.Effect<void>
}

/** Signals sent by a test. A process that dies of one does not continue, like a real one. */
export const layerMemory: Layer.Layer<Signals | SignalsControl> = Layer.effectContext(
  Effect.gen(function* () {
    const takers = yield* Ref.make<ReadonlyArray<Taker>>([])
    const deaths = yield* Ref.make<ReadonlyArray<SignalName>>([])
    return Context.make(Signals, {
      take: (names, on) => {
        const taker: Taker = { names, on }
        return Effect.acquireRelease(
          Ref.update(takers, (all) => [...all, taker]),
          () => Ref.update(takers, (all) => all.filter((other) => other !== taker))
        )
      },
      dieOf: (name) =>
        Effect.zipRight(
          Ref.update(deaths, (all) => [...all, name]),
          Effect.never
        )
    }).pipe(
      Context.add(SignalsControl, {
        send: (name) =>
          Effect.gen(function* () {
            const taker = (yield* Ref.get(takers)).findLast(({ names }) => names.includes(name))
            if (taker === undefined) return false
            yield* taker.on(name)
            return true
          }),
        diedOf: Ref.get(deaths)
      })
    )
  })
)
