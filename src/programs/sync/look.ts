import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { KeyDiffers } from "../../domain/errors/rollout.ts"
import type { Interrupted } from "../../domain/errors/user.ts"
import { connect, type ServerError } from "../client/client.ts"
import { check } from "./check.ts"
import type { Delivered, Delivery, Listener, Result } from "./delivery.ts"

export const reach = (delivery: Delivery, { tell }: Listener) =>
  Effect.zipRight(tell(delivery, { _tag: "Connecting" }), connect(delivery.target))

/** A connection to the server, and what it has. */
export const look = (delivery: Delivery, listener: Listener) =>
  Effect.gen(function* () {
    const server = yield* reach(delivery, listener)
    yield* listener.tell(delivery, { _tag: "Checking" })
    return { server, checked: yield* check(server, delivery.parcel) }
  })

/** What became of a delivery; only the person's own end is one for all of them. */
export const resultOf = <R>(
  delivery: Delivery,
  carry: Effect.Effect<Delivered, ServerError | KeyDiffers, R>,
  { ended }: Listener
): Effect.Effect<Result, Interrupted, R> =>
  carry.pipe(
    Effect.map((delivered): Result => ({ delivery, outcome: Either.right(delivered) })),
    Effect.catchAll((error) =>
      error._tag === "Interrupted"
        ? Effect.fail(error)
        : Effect.succeed<Result>({ delivery, outcome: Either.left(error) })
    ),
    Effect.tap(ended)
  )
