import * as Effect from "effect/Effect"
import type { SecretName } from "../../domain/names.ts"
import { abreast } from "./abreast.ts"
import { askFirst } from "./ask-first.ts"
import { rehearse } from "./check.ts"
import type { Conversation, Delivery, Listener } from "./delivery.ts"
import { look, resultOf } from "./look.ts"
import { send } from "./send.ts"

export interface Options {
  /** Who does it, for the servers' audit trails. */
  readonly by?: string
  /** Tells what would be done, and does nothing. */
  readonly dryRun: boolean
  /** Removals that need no question: all of them, or those of these names. */
  readonly agreed: "all" | ReadonlySet<SecretName>
}

/**
 * Puts the secrets in the place of those that servers have, side by side: what happens with one does not touch another.
 * A no to removals is Declined. Results are in the order of the deliveries.
 */
export const sync = Effect.fn("sync")(function* <E, R>(
  deliveries: ReadonlyArray<Delivery>,
  { by, dryRun, agreed }: Options,
  conversation: Conversation<E, R>
) {
  if (!dryRun && agreed !== "all") {
    return yield* Effect.scoped(askFirst(deliveries, agreed, by, conversation))
  }
  // Nobody is to be asked, so nothing is waited for.
  const carry = dryRun ? plan : through(by)
  return yield* Effect.forEach(
    deliveries,
    (delivery) => resultOf(delivery, Effect.scoped(carry(delivery, conversation)), conversation),
    abreast
  )
})

const through = (by: string | undefined) => (delivery: Delivery, listener: Listener) =>
  Effect.flatMap(look(delivery, listener), ({ server, checked }) =>
    send(server, delivery, checked, by, listener)
  )

const plan = (delivery: Delivery, listener: Listener) =>
  Effect.flatMap(look(delivery, listener), ({ server, checked }) =>
    rehearse(server, delivery.parcel, checked)
  )
