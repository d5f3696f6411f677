import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as AppState from "../../domain/app/app-state.ts"
import * as SecretSet from "../../domain/app/secret-set.ts"
import { KeyDiffers, RevisionMoved } from "../../domain/errors/rollout.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { UpdateReply } from "../../domain/protocol/replies.ts"
import type { UpdateSecrets } from "../../domain/protocol/requests.ts"
import { ServerState } from "../../services/server-state/server-state.ts"
import { audited } from "./audit.ts"
import { replace, rollOut } from "./rollout.ts"
import {
  type App,
  commit,
  findOrCreate,
  healthyCount,
  loadSecrets,
  loadState,
  makePlan,
  type Supervisor,
  timestamp
} from "./supervisor.ts"

/** Replaces the app's secrets. If the app is serving, new instances prove the secrets first. */
export const updateSecrets = Effect.fn("updateSecrets")(function* (
  supervisor: Supervisor,
  request: UpdateSecrets
) {
  const app = yield* findOrCreate(supervisor, request.app)
  return yield* app.lock.withPermits(1)(update(supervisor, app, request))
})

const update = Effect.fnUntraced(function* (supervisor: Supervisor, app: App, request: UpdateSecrets) {
  const { secrets, by } = request
  const state = yield* loadState(app)
  yield* check(state, request)
  const record = AppState.currentRevision(state)
  // If the current secrets cannot be read, this update repairs them: every secret counts as new.
  const before = yield* Effect.option(loadSecrets(app, state.current))
  const difference = SecretSet.difference(
    Option.getOrElse(before, () => SecretSet.empty),
    secrets
  )
  const next = AppState.nextRevision(state)
  const keyId = request.key_id ?? record?.key_id
  const reply = (status: UpdateReply["status"], rest: Partial<UpdateReply> = {}): UpdateReply => ({
    status,
    app: app.name,
    restarted: false,
    revision: next,
    instances: 0,
    ...difference,
    ...rest
  })
  if (record !== undefined && Option.isSome(before) && SecretSet.isSame(difference)) {
    // The values are the same but the key was rotated, so only the key id is stored.
    if (request.dry_run !== true && keyId !== undefined && keyId !== record.key_id) {
      yield* commit(app, AppState.withRevision(state, { ...record, key_id: keyId }))
    }
    return reply("unchanged", { revision: record.revision })
  }
  if (request.dry_run === true) return reply("would_update")

  const release = AppState.currentRelease(state)
  const runs = state.desired === "running" ? release : undefined
  const proves = runs !== undefined && (yield* healthyCount(app)) > 0
  const facts = {
    action: "update_secrets",
    revision: next,
    ...difference,
    ...omitUndefined({ by, key_id: keyId })
  } as const
  const change = Effect.gen(function* () {
    const { stage, discard } = yield* ServerState
    yield* stage(app.name, next, secrets)
    const at = yield* timestamp
    const updated = AppState.withRevision(state, {
      revision: next,
      names: SecretSet.names(secrets),
      proven: proves,
      at,
      ...omitUndefined({ by, key_id: keyId })
    })
    let isCommitting = false
    const committing = Effect.suspend(() => {
      isCommitting = true
      return commit(app, updated)
    })
    // If writing the state failed, it may be on disk all the same, and must not refer to a missing revision.
    const undo = Effect.suspend(() => (isCommitting ? Effect.void : Effect.ignore(discard(app.name, next))))
    if (runs === undefined) {
      yield* committing
      return reply("unproven")
    }
    const plan = yield* Effect.onError(makePlan(supervisor, app, runs, next, secrets), () => undo)
    if (proves) {
      const { instances, current } = state
      const kept = current === null ? "it keeps running without secrets" : `revision ${current} keeps running`
      const rollout = { plan, instances, replaces: app.slots, commit: committing, kept }
      yield* Effect.onError(rollOut(app, rollout), () => undo)
      return reply("updated", { restarted: true, instances })
    }
    yield* Effect.onError(replace(app, plan, state.instances, committing), () => undo)
    return reply("unproven", { restarted: true, instances: state.instances })
  })
  return yield* audited(app, facts, change, ({ status }) => (status === "unproven" ? "unproven" : "done"))
})

const check = (
  state: AppState.AppState,
  request: UpdateSecrets
): Effect.Effect<void, RevisionMoved | KeyDiffers> =>
  Effect.suspend((): Effect.Effect<void, RevisionMoved | KeyDiffers> => {
    const { app, expected_revision: expected, key_id: given, previous_key_id: previous } = request
    const current = state.current ?? 0
    if (expected !== undefined && expected !== current) return new RevisionMoved({ app, expected, current })
    const remembered = AppState.currentRevision(state)?.key_id
    const isKnown = given === undefined || given === remembered || previous === remembered
    return remembered === undefined || isKnown ? Effect.void : new KeyDiffers({ app, remembered })
  })
