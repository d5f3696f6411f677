import * as Effect from "effect/Effect"
import type { Revision } from "../../domain/app/release.ts"
import { KeyDiffers } from "../../domain/errors/rollout.ts"
import { ServerMisbehaved } from "../../domain/errors/server.ts"
import type { KeyId } from "../../domain/key.ts"
import type { SecretName } from "../../domain/names.ts"
import type { UpdateSecrets } from "../../domain/protocol/requests.ts"
import type { Server } from "../client/client.ts"
import type { Delivered, Parcel } from "./delivery.ts"

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
      ...(remembered === null || remembered === keyId ? {} : { previousKeyId: remembered })
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
  ...(previousKeyId === undefined ? {} : { previous_key_id: previousKeyId })
})

export const misbehaved = ({ target }: Server) =>
  new ServerMisbehaved({ server: target.name, reason: "not-an-answer" })
