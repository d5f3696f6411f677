import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as AppState from "../../domain/app/app-state.ts"
import { AppUnknown } from "../../domain/errors/server.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { AppPhase, AppStatus, AppSummary, SecretsState } from "../../domain/protocol/replies.ts"
import type { Events, Logs, RequestOf } from "../../domain/protocol/requests.ts"
import { InstanceLog } from "../../services/instance-log/instance-log.ts"
import { ServerKey } from "../../services/server-key/server-key.ts"
import { ServerState } from "../../services/server-state/server-state.ts"
import {
  type App,
  findVisible,
  healthyCount,
  isVisible,
  loadSecrets,
  loadState,
  type Supervisor
} from "./supervisor.ts"

/** Requests that change nothing. */

export const status = (supervisor: Supervisor, { app }: RequestOf<"status">) =>
  Effect.flatMap(findVisible(supervisor, app), statusOf)

export const list = ({ apps }: Supervisor) =>
  Effect.gen(function* () {
    const all = yield* Effect.forEach([...apps.values()].filter(isVisible), statusOf)
    const summaries = all.map(
      ({ app, phase, healthy, instances, release, revision }): AppSummary => ({
        app,
        phase,
        healthy,
        instances,
        release,
        revision
      })
    )
    return { apps: summaries.sort((a, b) => (a.app < b.app ? -1 : 1)) }
  })

export const secretsState = (supervisor: Supervisor, request: RequestOf<"secrets_state">) =>
  Effect.gen(function* () {
    const app = yield* findVisible(supervisor, request.app)
    const record = AppState.currentRevision(yield* loadState(app))
    return {
      app: app.name,
      names: record?.names ?? [],
      revision: record?.revision ?? null,
      proven: record?.proven ?? false,
      key_id: record?.key_id ?? null,
      updated_at: record?.at ?? null,
      by: record?.by ?? null
    } satisfies SecretsState
  })

export const secretsHash = (supervisor: Supervisor, request: RequestOf<"get_secrets_hash">) =>
  Effect.gen(function* () {
    const app = yield* findVisible(supervisor, request.app)
    const { current } = yield* loadState(app)
    if (current === null) return { app: app.name, hash: null }
    const key = yield* ServerKey
    return { app: app.name, hash: yield* key.hash(app.name, yield* loadSecrets(app, current)) }
  })

export const releases = (supervisor: Supervisor, request: RequestOf<"releases">) =>
  Effect.gen(function* () {
    const app = yield* findVisible(supervisor, request.app)
    const state = yield* loadState(app)
    return { app: app.name, releases: state.releases, current: state.release }
  })

/** Returns the audit trail, even of an app that was deleted. */
export const events = (supervisor: Supervisor, { app, limit = 100 }: Events) =>
  Effect.gen(function* () {
    const state = yield* ServerState
    const trail = yield* state.audit(app, limit)
    const isKnown = Option.isSome(yield* Effect.option(findVisible(supervisor, app)))
    return isKnown || trail.length > 0 ? { app, events: trail } : yield* new AppUnknown({ app })
  })

export const logs = (supervisor: Supervisor, { app: name, lines = 100, after, instance }: Logs) =>
  Effect.gen(function* () {
    const app = yield* findVisible(supervisor, name)
    const log = yield* InstanceLog
    return yield* log.read(app.name, {
      lines,
      ...omitUndefined({ after, instance })
    })
  })

const statusOf = (app: App): Effect.Effect<AppStatus> =>
  Effect.gen(function* () {
    const { state } = app
    const statuses = yield* Effect.forEach([...app.slots, ...app.transitional], ({ status }) => status)
    const healthy = yield* healthyCount(app)
    const release = state === undefined ? undefined : AppState.currentRelease(state)
    return {
      app: app.name,
      phase: yield* phaseOf(app, healthy),
      healthy,
      instances: state?.desired === "running" ? state.instances : 0,
      release: state?.release ?? null,
      revision: state?.current ?? null,
      listen: release?.listen ?? null,
      instance_list: statuses,
      problem: app.problem ?? null
    }
  })

const phaseOf = (app: App, healthy: number): Effect.Effect<AppPhase> =>
  Effect.gen(function* () {
    const { state } = app
    if (state === undefined || app.blockedBy === "damage") return "broken"
    if (app.isRolling) return "rolling"
    if (state.desired === "stopped") return "stopped"
    if (state.release === null || app.blockedBy === "missing-secrets") return "waiting"
    if (healthy === state.instances) return "running"
    const statuses = yield* Effect.forEach(app.slots, ({ status }) => status)
    return statuses.every(({ restarts }) => restarts === 0) ? "starting" : "degraded"
  })
