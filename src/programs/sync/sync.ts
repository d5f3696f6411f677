import * as Effect from "effect/Effect"
import { sequential } from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { Declined } from "../../domain/errors/user.ts"
import type { SecretName } from "../../domain/names.ts"
import type { Server } from "../client/client.ts"
import type { Conversation, Delivery, Listener, Removal, Result } from "./delivery.ts"
import { type Checked, look, reach, rehearse, resultOf, send } from "./update-server.ts"

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

/**
 * Looks at all servers before any is sent to, because one question is for all of them. While a person is asked no
 * connection is kept: that may take longer than a server waits.
 */
export const askFirst = Effect.fn("sync.askFirst")(function* <E, R>(
  deliveries: ReadonlyArray<Delivery>,
  agreed: ReadonlySet<SecretName>,
  by: string | undefined,
  conversation: Conversation<E, R>
) {
  const all = yield* Effect.forEach(
    deliveries,
    (delivery, n) => see(delivery, agreed, n < mostKept, conversation),
    abreast
  )
  const removals = all.flatMap((one) => (one._tag === "Seen" && one.removal ? [one.removal] : []))
  if (removals.length > 0) {
    yield* Effect.forEach(all, (one) => (one._tag === "Seen" ? one.close : Effect.void), abreast)
    if (!(yield* conversation.consent(removals))) return yield* new Declined()
  }
  return yield* Effect.forEach(
    all,
    (one) => {
      if (one._tag === "Ended") return Effect.succeed(one.result)
      const { delivery, checked } = one
      const through = (server: Server) => send(server, delivery, checked, by, conversation)
      const anew = Effect.scoped(Effect.flatMap(reach(delivery, conversation), through))
      const isOpen = removals.length === 0 && one.isKept
      const sending = isOpen ? Effect.ensuring(through(one.server), one.close) : anew
      return resultOf(delivery, sending, conversation)
    },
    abreast
  )
})

type Seen =
  | {
      readonly _tag: "Seen"
      readonly delivery: Delivery
      readonly server: Server
      readonly checked: Checked
      readonly removal: Removal | undefined
      readonly isKept: boolean
      /** Ends the connection. */
      readonly close: Effect.Effect<void>
    }
  | { readonly _tag: "Ended"; readonly result: Result }

/** Connections that are kept from the look to the sending; each takes 0.2 MiB, and another login would take 0.2 s of processor. */
const mostKept = 256

const see = (delivery: Delivery, agreed: ReadonlySet<SecretName>, isKept: boolean, listener: Listener) =>
  Effect.gen(function* () {
    const own = yield* Scope.fork(yield* Effect.scope, sequential)
    const close = Scope.close(own, Exit.void)
    const looked = yield* Effect.either(
      Effect.gen(function* () {
        const found = yield* look(delivery, listener)
        const removed = found.checked.removed.filter((name) => !agreed.has(name))
        if (removed.length === 0) return { ...found, removal: undefined }
        const plan = yield* rehearse(found.server, delivery.parcel, found.checked)
        return { ...found, removal: { delivery, plan, removed } }
      }).pipe(Scope.extend(own))
    )
    if (looked._tag === "Left") {
      yield* close
      const result = yield* resultOf(delivery, Effect.fail(looked.left), listener)
      return { _tag: "Ended", result } satisfies Seen as Seen
    }
    if (!isKept) yield* close
    yield* listener.tell(delivery, { _tag: "Waiting" })
    return { _tag: "Seen", delivery, isKept, close, ...looked.right } satisfies Seen as Seen
  })

/** How many servers are spoken to at the same time. */
export const abreast = { concurrency: 16 } as const
