import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
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
import type { Target } from "../../domain/server/target.ts"
import { connect, type Server, type ServerError } from "../client/client.ts"
import type { Delivered, Delivery, Listener, Parcel, Result, Stage } from "./delivery.ts"

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

/** What a server has of an app's secrets before they are sent. */
export interface Checked {
  /** 0 while it has none. */
  readonly revision: Revision | 0
  /** What it has and the parcel has not; sorted. */
  readonly removed: ReadonlyArray<SecretName>
  /** The key by which it knows the app, when that is one of before. */
  readonly previousKeyId?: KeyId
}

/**
 * Looks, without sending a value. A server that knows the app by another key is refused here, before it is sent anything,
 * and would refuse by itself.
 */
export const check = (server: Server, { app, keyId, previousKeyIds, secrets }: Parcel) =>
  Effect.gen(function* () {
    // A server that does not know the app yet says so by a refusal; one that refuses for another reason refuses the rest, too.
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

/** What would be added, changed and removed; the server compares, and changes nothing. */
export const rehearse = (server: Server, parcel: Parcel, checked: Checked) =>
  Effect.gen(function* () {
    const reply = yield* server.call({ ...requestOf(parcel, checked), dry_run: true })
    const { status, revision, added, changed, removed } = reply
    if (reply.app !== parcel.app || !(status === "would_update" || status === "unchanged")) {
      return yield* misbehaved(server)
    }
    const state = status === "unchanged" ? "unchanged" : "planned"
    return { state, revision, instances: 0, added, changed, removed } satisfies Delivered as Delivered
  })

/** Refused when somebody else has changed them since they were looked at. */
export const requestOf = (
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

export const misbehaved = ({ target }: Server) =>
  new ServerMisbehaved({ server: target.name, reason: "not-an-answer" })

/** Sends the secrets and waits until they are what the app has, telling meanwhile how far its instances are. */
export const send = (
  server: Server,
  delivery: Delivery,
  checked: Checked,
  by: string | undefined,
  { tell }: Listener
) =>
  Effect.gen(function* () {
    const { parcel, target } = delivery
    yield* tell(delivery, { _tag: "Sending" })
    const request = { ...requestOf(parcel, checked), ...omitUndefined({ by }) }
    const sending = Effect.catchTag(server.call(request), "ServerUnreachable", (error) =>
      Effect.fail(explained(error))
    )
    const watching = watchRollout(target, parcel.app, checked.revision, (stage) => tell(delivery, stage))
    const reply = yield* Effect.raceFirst(sending, watching)
    const delivered = deliveredOf(reply)
    const isNew = delivered?.state === "unchanged" || reply.revision > checked.revision
    if (reply.app !== parcel.app || delivered === undefined || !isNew) return yield* misbehaved(server)
    return delivered
  })

/** Whether the server did it nobody knows from here; asking again tells. */
const explained = ({ server, stage, reason, hint }: ServerUnreachable): ServerUnreachable =>
  stage === "request" || stage === "reply"
    ? new ServerUnreachable({
        server,
        stage,
        reason,
        hint: "It may go on there without us. The same command tells, and sends what is missing."
      })
    : new ServerUnreachable({ server, stage, reason, ...omitUndefined({ hint }) })

const deliveredOf = ({
  status,
  revision,
  instances,
  added,
  changed,
  removed
}: UpdateReply): Delivered | undefined =>
  status === "would_update" ? undefined : { state: status, revision, instances, added, changed, removed }

/** One that is quick needs no watching, which takes a connection of its own. */
const patience = "1500 millis"
const pace = "500 millis"

/** Tells how far a rollout is, until it is interrupted; a server that does not tell is not asked again. */
export const watchRollout = (
  target: Target,
  app: AppName,
  before: Revision | 0,
  tell: (stage: Stage) => Effect.Effect<void>
) =>
  Effect.sleep(patience).pipe(
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
              return tell(stage)
            }),
            Effect.zipRight(Effect.sleep(pace)),
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
