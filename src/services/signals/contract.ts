import * as Assert from "node:assert/strict"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import type { SignalName } from "../../domain/process.ts"
import type { Contract } from "../contract.ts"
import { Signals } from "./signals.ts"

/** What every Signals must do; `send` sends a signal to this process. */
export const contractOf = <R>(
  send: (name: SignalName) => Effect.Effect<void, never, R>
): Contract<Signals | R> => [
  {
    name: "passes each signal to its handler, in order",
    run: Effect.gen(function* () {
      const signals = yield* Signals
      const arrived = yield* Queue.unbounded<SignalName>()
      yield* signals.handle(["SIGUSR2", "SIGHUP"], (name) => Queue.offer(arrived, name))
      for (const name of ["SIGUSR2", "SIGHUP", "SIGUSR2"] as const) {
        yield* send(name)
        Assert.equal(yield* Queue.take(arrived), name)
      }
    })
  },

  {
    name: "passes it to the latest handler, and to the earlier one again when that scope is closed",
    run: Effect.gen(function* () {
      const signals = yield* Signals
      const arrived = yield* Queue.unbounded<string>()
      const scope = yield* Scope.make()
      yield* signals.handle(["SIGUSR2", "SIGHUP"], (name) => Queue.offer(arrived, `first ${name}`))
      yield* Scope.extend(
        signals.handle(["SIGUSR2"], (name) => Queue.offer(arrived, `last ${name}`)),
        scope
      )
      yield* send("SIGUSR2")
      Assert.equal(yield* Queue.take(arrived), "last SIGUSR2")
      yield* send("SIGHUP")
      Assert.equal(yield* Queue.take(arrived), "first SIGHUP")
      yield* Scope.close(scope, Exit.void)
      yield* send("SIGUSR2")
      Assert.equal(yield* Queue.take(arrived), "first SIGUSR2")
    })
  },

  {
    name: "lets a scope close whose handler is still running",
    run: Effect.gen(function* () {
      const signals = yield* Signals
      const busy = yield* Deferred.make<void>()
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* signals.handle(["SIGUSR2"], () =>
            Effect.zipRight(Deferred.succeed(busy, undefined), Effect.never)
          )
          yield* Effect.forkDaemon(send("SIGUSR2"))
          yield* Deferred.await(busy)
        }).pipe(Effect.uninterruptible)
      )
    })
  }
]
