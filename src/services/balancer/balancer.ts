import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ListenFailed } from "../../domain/errors/listen.ts"

/** Where a front listens. The system chooses port 0. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** An instance that serves HTTP/1.1 on 127.0.0.1. Ids are never used again within a front. */
export interface Backend {
  readonly id: string
  readonly port: number
}

/**
 * `serving`: gets new requests. `draining`: finishes the requests it has. `refused`: did not accept a connection, and gets
 * no requests until it is added again, by whoever knows whether the port still belongs to it.
 */
export type BackendState = "serving" | "draining" | "refused"

export interface BackendStatus extends Backend {
  readonly state: BackendState
  /** Requests whose response has not been closed, and open tunnels (WebSocket). */
  readonly inFlight: number
}

/** `finished`: nothing is in flight. `limit`: time ran out first. */
export type DrainResult = "finished" | "limit"

export interface FrontOptions {
  /** How long a request waits for a backend if there is none, before it is answered 503. Not at all by default. */
  readonly hold?: Duration.DurationInput
  /** How long a backend may take to begin its answer, before the client is answered 504. 60 seconds by default. */
  readonly answerWithin?: Duration.DurationInput
}

/** A listening address with the backends behind it. */
export interface Front {
  /** With the port that the system chose. */
  readonly address: Address
  /** Sends requests to the backend from now on. Adding it again ends a drain, and clears a refused connection. */
  readonly add: (backend: Backend) => Effect.Effect<void>
  /**
   * Sends no more requests to the backend, closes idle connections to it, and waits until nothing is in flight there, but
   * no longer than the limit. Whatever is still in flight then continues until the backend is removed.
   */
  readonly drain: (backend: Backend, limit: Duration.DurationInput) => Effect.Effect<DrainResult>
  /** Drops the backend and everything in flight there: its process has ended, or is about to. */
  readonly remove: (backend: Backend) => Effect.Effect<void>
  /** Answers requests 503 at once, instead of holding them, until a backend is added. */
  readonly suspend: Effect.Effect<void>
  /** Waits until the backend refuses a connection. Returns at once if it did, and was not added again. */
  readonly refused: (backend: Backend) => Effect.Effect<void>
  /** All backends that were not removed, in the order in which they were added. */
  readonly backends: Effect.Effect<ReadonlyArray<BackendStatus>>
}

/**
 * Opens fronts of apps. A front distributes the HTTP requests to one address over an app's instances, which can be
 * replaced without failing a request. Connections of clients outlive the instances.
 */
export class Balancer extends Context.Tag("tako/Balancer")<
  Balancer,
  {
    /** Listens until the scope closes, which closes every connection. */
    readonly open: (
      listen: Address,
      options?: FrontOptions
    ) => Effect.Effect<Front, ListenFailed, Scope.Scope>
  }
>() {}

const checkInterval: Duration.DurationInput = "200 millis"

/** Adds the backend again each time that it refused a connection, as soon as it accepts them. */
export const resumeRefused = (
  front: Front,
  backend: Backend,
  accepts: Effect.Effect<boolean>
): Effect.Effect<never> => {
  const acceptsNow = Effect.zipRight(Effect.sleep(checkInterval), accepts)
  const isRefused = Effect.map(front.backends, (all) =>
    all.some(({ id, state }) => id === backend.id && state === "refused")
  )
  return front.refused(backend).pipe(
    Effect.zipRight(Effect.repeat(acceptsNow, { until: (accepts) => accepts })),
    // A drain may have begun in the meantime.
    Effect.zipRight(Effect.whenEffect(front.add(backend), isRefused)),
    Effect.forever
  )
}
