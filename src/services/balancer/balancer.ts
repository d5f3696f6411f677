import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ListenFailed } from "../../domain/errors/listen.ts"

/** Where a front listens. Port 0 is chosen by the system. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** One instance that speaks HTTP/1.1 on 127.0.0.1. The id is its own: no other instance of the front ever has it. */
export interface Backend {
  readonly id: string
  readonly port: number
}

/**
 * What becomes of a backend: `serving` gets new requests; `draining` ends those it has; `refused` did not accept a
 * connection, and gets none until it is added again: whoever added it knows whether the port is its own still.
 */
export type BackendState = "serving" | "draining" | "refused"

export interface BackendStatus extends Backend {
  readonly state: BackendState
  /** Requests whose response has not been closed, tunnels (WebSocket) among them. */
  readonly inFlight: number
}

/** How a drain ended: nothing is in flight any more, or the limit was reached and something still is. */
export type Drained = "finished" | "limit"

export interface FrontOptions {
  /** How long a request waits for a backend while there is none; without it, it is answered 503 at once. */
  readonly hold?: Duration.DurationInput
  /** How long a backend may be silent before its answer begins; then it is answered 504. 60 seconds without it. */
  readonly answerWithin?: Duration.DurationInput
}

/** One listening address, and the backends behind it. */
export interface Front {
  /** With the port that the system has chosen. */
  readonly address: Address
  /** From now on it gets requests. Adding it again is harmless, and takes back a drain and a refused connection. */
  readonly add: (backend: Backend) => Effect.Effect<void>
  /**
   * Takes it out of the list in the same tick, and waits until nothing is in flight there, at most for the limit. What is
   * in flight then goes on until it is removed. Connections kept open to it are closed, so that it may be told to end.
   */
  readonly drain: (backend: Backend, limit: Duration.DurationInput) => Effect.Effect<Drained>
  /** Drops it at once, with all that is in flight: its process has ended, or is about to. */
  readonly remove: (backend: Backend) => Effect.Effect<void>
  /** Waits until it has refused a connection; at once where it has, and was not added again. */
  readonly refused: (backend: Backend) => Effect.Effect<void>
  /** Those that were added and not removed, in order of their adding. */
  readonly backends: Effect.Effect<ReadonlyArray<BackendStatus>>
}

/**
 * Fronts of apps: each spreads the HTTP requests to one address over the instances behind it, which may be replaced
 * without a request that fails. Connections of clients outlive the backends.
 */
export class Balancer extends Context.Tag("tako/Balancer")<
  Balancer,
  {
    /** Listens until the scope closes, which ends every connection. */
    readonly open: (
      listen: Address,
      options?: FrontOptions
    ) => Effect.Effect<Front, ListenFailed, Scope.Scope>
  }
>() {}

/** How often one that has refused a connection is looked at. */
const pace: Duration.DurationInput = "200 millis"

/** Whenever the backend has refused a connection: adds it again as soon as it is there, which `isThere` tells. */
export const resumeRefused = (
  front: Front,
  backend: Backend,
  isThere: Effect.Effect<boolean>
): Effect.Effect<never> => {
  const isBack = Effect.zipRight(Effect.sleep(pace), isThere)
  const isRefused = Effect.map(front.backends, (all) =>
    all.some(({ id, state }) => id === backend.id && state === "refused")
  )
  return front.refused(backend).pipe(
    Effect.zipRight(Effect.repeat(isBack, { until: (isBack) => isBack })),
    // It may have been told to drain meanwhile.
    Effect.zipRight(Effect.whenEffect(front.add(backend), isRefused)),
    Effect.forever
  )
}
