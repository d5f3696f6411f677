import * as Effect from "effect/Effect"
import { sequential } from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { Declined } from "../../domain/errors/user.ts"
import type { SecretName } from "../../domain/names.ts"
import type { Server } from "../client/client.ts"
import { abreast } from "./abreast.ts"
import { type Checked, rehearse } from "./check.ts"
import type { Conversation, Delivery, Listener, Removal, Result } from "./delivery.ts"
import { look, reach, resultOf } from "./look.ts"
import { send } from "./send.ts"

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
