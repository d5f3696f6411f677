import * as Effect from "effect/Effect"
import type { AppName } from "../../domain/app/app-name.ts"
import type { Revision } from "../../domain/app/release.ts"
import { KeyDiffers } from "../../domain/errors/rollout.ts"
import { ServerMisbehaved, ServerUnreachable } from "../../domain/errors/server.ts"
import type { Interrupted } from "../../domain/errors/user.ts"
import type { KeyId } from "../../domain/key.ts"
import type { SecretName } from "../../domain/names.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { AppStatus, UpdateReply } from "../../domain/protocol/replies.ts"
import type { UpdateSecrets } from "../../domain/protocol/requests.ts"
import type { Target } from "../../domain/target.ts"
import { collectFailure, connect, type Server, type ServerError } from "../client/client.ts"
import type { Delivered, Delivery, Listener, Parcel, Result, Stage } from "./delivery.ts"

export const connectTo = (delivery: Delivery, { onStage }: Listener) =>
  Effect.zipRight(onStage(delivery, { _tag: "Connecting" }), connect(delivery.target))

/** Connects to the server and reads what it has. */
export const connectAndCheck = (delivery: Delivery, listener: Listener) =>
  Effect.gen(function* () {
    const server = yield* connectTo(delivery, listener)
    yield* listener.onStage(delivery, { _tag: "Checking" })
    return { server, checked: yield* check(server, delivery.parcel) }
  })

/** How a delivery ended. Only an interruption ends all of them. */
export const resultOf = <R>(
  delivery: Delivery,
  delivering: Effect.Effect<Delivered, ServerError | KeyDiffers, R>,
  { onResult }: Listener
): Effect.Effect<Result, Interrupted, R> =>
  collectFailure(delivering).pipe(
    Effect.map((outcome): Result => ({ delivery, outcome })),
    Effect.tap(onResult)
  )

/** A server's secrets for an app, before any are sent. */
export interface Checked {
  /** 0 if it has none. */
  readonly revision: Revision | 0
  /** Secrets that the server has and the parcel has not; sorted. */
  readonly removed: ReadonlyArray<SecretName>
  /** The key by which the server knows the app, when that is an earlier one. */
  readonly previousKeyId?: KeyId
}

/**
 * Compares without sending a value. A server that knows the app by an unrelated key is refused here, before it is sent
 * anything; it would also refuse by itself.
 */
const check = (server: Server, { app, keyId, previousKeyIds, secrets }: Parcel) =>
  Effect.gen(function* () {
    // A refusal mostly means that the server does not know the app yet. With another cause it will refuse the update, too.
    const state = yield* server
      .call({ command: "secrets_state", app })
      .pipe(Effect.catchTag("ServerRefused", () => Effect.succeed(undefined)))
    if (state === undefined) return { revision: 0, removed: [] } satisfies Checked as Checked
    if (state.app !== app) return yield* misbehaved(server)
    const remembered = state.key_id
    if (remembered !== null && remembered !== keyId && !previousKeyIds.includes(remembered)) {
      return yield* new KeyDiffers({ app, remembered })
    }
    const removed = [...new Set(state.names)].filter((name) => !secrets.has(name)).sort()
    return {
      revision: state.revision ?? 0,
      removed,
      ...omitUndefined({
        previousKeyId: remembered === null || remembered === keyId ? undefined : remembered
      })
    } satisfies Checked as Checked
  })

/** Has the server compare, without changing anything. */
export const rehearse = (server: Server, parcel: Parcel, checked: Checked) =>
  Effect.gen(function* () {
    const reply = yield* server.call({ ...updateRequest(parcel, checked), dry_run: true })
    const { status, revision, added, changed, removed } = reply
    if (reply.app !== parcel.app || !(status === "would_update" || status === "unchanged")) {
      return yield* misbehaved(server)
    }
    const state = status === "unchanged" ? "unchanged" : "planned"
    return { state, revision, instances: 0, added, changed, removed } satisfies Delivered as Delivered
  })

/** Sends the secrets and waits until the app has them, reporting how far its instances are in the meantime. */
export const send = (
  server: Server,
  delivery: Delivery,
  checked: Checked,
  by: string | undefined,
  { onStage }: Listener
) =>
  Effect.gen(function* () {
    const { parcel, target } = delivery
    yield* onStage(delivery, { _tag: "Sending" })
    const request = { ...updateRequest(parcel, checked), ...omitUndefined({ by }) }
    const sending = Effect.catchTag(server.call(request), "ServerUnreachable", (error) =>
      Effect.fail(withAdvice(error))
    )
    const watching = watchRollout(target, parcel.app, checked.revision, (stage) => onStage(delivery, stage))
    const reply = yield* Effect.raceFirst(sending, watching)
    const delivered = deliveredOf(reply)
    const isNew = delivered?.state === "unchanged" || reply.revision > checked.revision
    if (reply.app !== parcel.app || delivered === undefined || !isNew) return yield* misbehaved(server)
    return delivered
  })

/** The server refuses the update when somebody else has changed the secrets since they were checked. */
const updateRequest = (
  { app, secrets, keyId }: Parcel,
  { revision, previousKeyId }: Checked
): UpdateSecrets => ({
  command: "update_secrets",
  app,
  secrets,
  key_id: keyId,
  expected_revision: revision,
  ...omitUndefined({ previous_key_id: previousKeyId })
})

/** After a request was sent, only the server knows whether it was carried out. */
const withAdvice = (error: ServerUnreachable): ServerUnreachable =>
  error.stage === "request" || error.stage === "reply"
    ? new ServerUnreachable({
        server: error.server,
        stage: error.stage,
        reason: error.reason,
        hint: "The server may be carrying it out all the same. Run the same command again: it shows the state, and sends what is missing."
      })
    : error

const deliveredOf = ({
  status,
  revision,
  instances,
  added,
  changed,
  removed
}: UpdateReply): Delivered | undefined =>
  status === "would_update" ? undefined : { state: status, revision, instances, added, changed, removed }

const misbehaved = ({ target }: Server) =>
  new ServerMisbehaved({ server: target.name, reason: "not-an-answer" })

/** Watching needs a connection of its own, which a quick rollout is not worth. */
const watchAfter = "1500 millis"
const pollInterval = "500 millis"

/** Reports a rollout's progress until it is interrupted. It gives up silently when the server fails to answer. */
const watchRollout = (
  target: Target,
  app: AppName,
  before: Revision | 0,
  onStage: (stage: Stage) => Effect.Effect<void>
) =>
  Effect.sleep(watchAfter).pipe(
    Effect.zipRight(
      Effect.scoped(
        Effect.flatMap(connect(target), ({ call }) => {
          let last = ""
          return call({ command: "status", app }).pipe(
            Effect.flatMap((status) => {
              const stage = stageOf(status, before)
              const now = JSON.stringify(stage)
              if (stage === undefined || now === last) return Effect.void
              last = now
              return onStage(stage)
            }),
            Effect.zipRight(Effect.sleep(pollInterval)),
            Effect.forever
          )
        })
      )
    ),
    Effect.catchAll(() => Effect.never)
  )

const stageOf = ({ instances, instance_list, revision }: AppStatus, before: number): Stage | undefined => {
  if (revision !== null && revision > before) return { _tag: "Draining" }
  const fresh = instance_list.filter((one) => one.revision !== null && one.revision > before)
  if (fresh.length === 0) return undefined
  const ready = fresh.filter(
    ({ phase, port }) => phase === "healthy" || (phase === "starting" && port !== null)
  )
  return { _tag: "Rolling", ready: ready.length, instances: Math.max(instances, fresh.length) }
}
