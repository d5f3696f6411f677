import * as Effect from "effect/Effect"
import { sequential } from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { addressOf } from "../../domain/dev-address.ts"
import type { ListenFailed } from "../../domain/errors/listen.ts"
import { Balancer, type Front } from "../../services/balancer/balancer.ts"
import { hold } from "./settings.ts"

/** The front of an app, where it has one. */
export interface Entrance {
  readonly listen: string
  readonly front: Front
  readonly close: Effect.Effect<void>
}

/** Listens until it is closed, or the scope. */
export const openEntrance = (
  listen: string,
  within: Scope.Scope
): Effect.Effect<Entrance, ListenFailed, Balancer> =>
  Effect.gen(function* () {
    const balancer = yield* Balancer
    const scope = yield* Scope.fork(within, sequential)
    const front = yield* Scope.extend(balancer.open(addressOf(listen), { hold }), scope).pipe(
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
    return { listen, front, close: Scope.close(scope, Exit.void) }
  }).pipe(Effect.uninterruptible)
