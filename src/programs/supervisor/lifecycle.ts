import * as Effect from "effect/Effect"
import * as AppState from "../../domain/app/app-state.ts"
import { NotDeployed } from "../../domain/errors/rollout.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { RequestOf, Scale } from "../../domain/protocol/requests.ts"
import { InstanceLog } from "../../services/instance-log/instance-log.ts"
import { ServerState } from "../../services/server-state/server-state.ts"
import { audited } from "./audit.ts"
import { keptOf, replyOf } from "./deploy.ts"
import { retire, retireAll, roll } from "./rollout.ts"
import { commit, known, planOf, type Supervisor, secretsOf, stateOf } from "./supervisor.ts"

/** More instances, which have to prove themselves, or fewer. Starts an app that was stopped. */
export const scale = Effect.fn("scale")(function* (supervisor: Supervisor, request: Scale) {
  const app = yield* known(supervisor, request.app)
  return yield* app.lock.withPermits(1)(
    Effect.gen(function* () {
      const state = yield* stateOf(app)
      const release = AppState.currentRelease(state)
      if (release === undefined) return yield* new NotDeployed({ app: app.name })
      const { instances } = request
      const next: AppState.AppState = { ...state, instances, desired: "running" }
      const surplus = app.slots.slice(instances)
      const missing = Math.max(0, instances - app.slots.length)
      const change = Effect.gen(function* () {
        if (missing === 0) {
          yield* commit(app, next)
          yield* retire(app, surplus)
          return replyOf(app)
        }
        const secrets = yield* secretsOf(app, state.current)
        const plan = yield* planOf(supervisor, app, release, state.current, secrets)
        const kept = state.desired === "stopped" ? keptOf(state) : `${app.slots.length} instances go on`
        yield* roll(app, { plan, instances: missing, replaces: [], commit: commit(app, next), kept })
        return replyOf(app)
      })
      return yield* audited(app, { action: "scale", instances, ...omitUndefined({ by: request.by }) }, change)
    })
  )
})

/** No instances and no front, until it is deployed or scaled again. */
export const stop = Effect.fn("stop")(function* (supervisor: Supervisor, request: RequestOf<"stop">) {
  const app = yield* known(supervisor, request.app)
  const change = Effect.gen(function* () {
    const state = yield* stateOf(app)
    yield* commit(app, { ...state, desired: "stopped" })
    yield* retireAll(app)
    return { app: app.name }
  })
  return yield* app.lock.withPermits(1)(
    audited(app, { action: "stop", ...omitUndefined({ by: request.by }) }, change)
  )
})

/** Stops it, and forgets it with its secrets and its output; its audit trail stays, and its folder. */
export const remove = Effect.fn("remove")(function* (supervisor: Supervisor, request: RequestOf<"delete">) {
  const app = yield* known(supervisor, request.app)
  const change = Effect.gen(function* () {
    const state = yield* ServerState
    const log = yield* InstanceLog
    yield* retireAll(app)
    yield* state.remove(app.name)
    app.isStored = false
    app.state = AppState.create(app.name)
    app.problem = undefined
    app.hindrance = undefined
    yield* Effect.ignore(log.remove(app.name))
    return { app: app.name }
  })
  return yield* app.lock.withPermits(1)(
    audited(app, { action: "delete", ...omitUndefined({ by: request.by }) }, change)
  )
})
