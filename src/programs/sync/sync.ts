import * as Effect from "effect/Effect"
import { sequential } from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { Declined } from "../../domain/errors/user.ts"
import type { SecretName } from "../../domain/names.ts"
import { concurrency, type Server } from "../client/client.ts"
import type { Conversation, Delivery, Listener, Removal, Result } from "./delivery.ts"
import { type Checked, connectAndCheck, connectTo, rehearse, resultOf, send } from "./update-server.ts"

export interface Options {
  /** Who syncs, for the servers' audit trails. */
  readonly by?: string
  /** Reports what would change, and changes nothing. */
  readonly dryRun: boolean
  /** Removals that need no consent: all of them, or those of these names. */
  readonly agreed: "all" | ReadonlySet<SecretName>
}

/**
 * Replaces the secrets that servers have, in parallel; servers do not affect each other. Declined when consent to removals is
 * refused. Results are in the order of the deliveries.
 */
export const sync = Effect.fn("sync")(function* <E, R>(
  deliveries: ReadonlyArray<Delivery>,
  { by, dryRun, agreed }: Options,
  conversation: Conversation<E, R>
) {
  if (!dryRun && agreed !== "all") {
    return yield* Effect.scoped(syncWithConsent(deliveries, agreed, by, conversation))
  }
  const deliver = (delivery: Delivery) =>
    Effect.flatMap(connectAndCheck(delivery, conversation), ({ server, checked }) =>
      dryRun ? rehearse(server, delivery.parcel, checked) : send(server, delivery, checked, by, conversation)
    )
  return yield* Effect.forEach(
    deliveries,
    (delivery) => resultOf(delivery, Effect.scoped(deliver(delivery)), conversation),
    { concurrency }
  )
})

/**
 * Checks all servers before anything is sent to one, because a single question covers all removals. No connection stays open
 * while that question waits: a person may take longer than a server does.
 */
const syncWithConsent = Effect.fn("sync.syncWithConsent")(function* <E, R>(
  deliveries: ReadonlyArray<Delivery>,
  agreed: ReadonlySet<SecretName>,
  by: string | undefined,
  conversation: Conversation<E, R>
) {
  const prepared = yield* Effect.forEach(
    deliveries,
    (delivery, n) => prepare(delivery, agreed, n < maxKeptOpen, conversation),
    { concurrency }
  )
  const removals = prepared.flatMap((one) => (one._tag === "Ready" && one.removal ? [one.removal] : []))
  if (removals.length > 0) {
    yield* Effect.forEach(prepared, (one) => (one._tag === "Ready" ? one.close : Effect.void), {
      concurrency
    })
    if (!(yield* conversation.consent(removals))) return yield* new Declined()
  }
  return yield* Effect.forEach(
    prepared,
    (one) => {
      if (one._tag === "Ended") return Effect.succeed(one.result)
      const { delivery, checked } = one
      const sendTo = (server: Server) => send(server, delivery, checked, by, conversation)
      const reconnected = Effect.scoped(Effect.flatMap(connectTo(delivery, conversation), sendTo))
      const isOpen = removals.length === 0 && one.isKeptOpen
      const sending = isOpen ? Effect.ensuring(sendTo(one.server), one.close) : reconnected
      return resultOf(delivery, sending, conversation)
    },
    { concurrency }
  )
})

type Prepared =
  | {
      readonly _tag: "Ready"
      readonly delivery: Delivery
      readonly server: Server
      readonly checked: Checked
      readonly removal: Removal | undefined
      readonly isKeptOpen: boolean
      /** Closes the connection. */
      readonly close: Effect.Effect<void>
    }
  | { readonly _tag: "Ended"; readonly result: Result }

/** Connections kept open from checking to sending. Each takes 0.2 MiB; another login would take 0.2 s of processor time. */
const maxKeptOpen = 256

const prepare = (
  delivery: Delivery,
  agreed: ReadonlySet<SecretName>,
  isKeptOpen: boolean,
  listener: Listener
) =>
  Effect.gen(function* () {
    const connection = yield* Scope.fork(yield* Effect.scope, sequential)
    const close = Scope.close(connection, Exit.void)
    const connected = yield* Effect.either(
      Effect.gen(function* () {
        const { server, checked } = yield* connectAndCheck(delivery, listener)
        const removed = checked.removed.filter((name) => !agreed.has(name))
        if (removed.length === 0) return { server, checked, removal: undefined }
        const plan = yield* rehearse(server, delivery.parcel, checked)
        return { server, checked, removal: { delivery, plan, removed } }
      }).pipe(Scope.extend(connection))
    )
    if (connected._tag === "Left") {
      yield* close
      const result = yield* resultOf(delivery, Effect.fail(connected.left), listener)
      return { _tag: "Ended", result } satisfies Prepared as Prepared
    }
    if (!isKeptOpen) yield* close
    yield* listener.onStage(delivery, { _tag: "Waiting" })
    return { _tag: "Ready", delivery, isKeptOpen, close, ...connected.right } satisfies Prepared as Prepared
  })
