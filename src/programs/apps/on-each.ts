import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Interrupted } from "../../domain/errors/user.ts"
import type { Target } from "../../domain/server/target.ts"
import { connect, type Server, type ServerError } from "../client/client.ts"

export type Failure = Exclude<ServerError, Interrupted>

/** What became of it on one server. */
export interface Outcome<out A> {
  readonly target: Target
  readonly outcome: Either.Either<A, Failure>
}

/** How many servers are spoken to at the same time. */
const abreast = 16

/** The same on each server, side by side and each by itself; in their order. Only the person's own end is one for all. */
export const onEach = <A, R>(
  targets: ReadonlyArray<Target>,
  use: (server: Server) => Effect.Effect<A, ServerError, R>
) => Effect.forEach(targets, (target) => onOne(target, use), { concurrency: abreast })

export const onOne = <A, R>(target: Target, use: (server: Server) => Effect.Effect<A, ServerError, R>) =>
  Effect.scoped(Effect.flatMap(connect(target), use)).pipe(
    Effect.map((done): Outcome<A> => ({ target, outcome: Either.right(done) })),
    Effect.catchAll((error) =>
      error._tag === "Interrupted"
        ? Effect.fail(error)
        : Effect.succeed<Outcome<A>>({ target, outcome: Either.left(error) })
    )
  )

export const failures = (outcomes: ReadonlyArray<Outcome<unknown>>): ReadonlyArray<Failure> =>
  outcomes.flatMap(({ outcome }) => (Either.isLeft(outcome) ? [outcome.left] : []))
