import * as Effect from "effect/Effect"
import * as AppState from "../../domain/app/app-state.ts"
import { NotDeployed } from "../../domain/errors/rollout.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { RequestOf, Scale } from "../../domain/protocol/requests.ts"
import { InstanceLog } from "../../services/instance-log/instance-log.ts"
import { ServerState } from "../../services/server-state/server-state.ts"
import { audited } from "./audit.ts"
import { describeKept, rolloutReply } from "./deploy.ts"
import { closeFront, retire, retireAll, rollOut, sweepIfIdle } from "./rollout.ts"
import { commit, findStored, loadSecrets, loadState, makePlan, type Supervisor } from "./supervisor.ts"

/** Sets the number of instances; new ones have to prove themselves. Starts an app that was stopped. */
export const scale = Effect.fn("scale")(function* (supervisor: Supervisor, request: Scale) {
  const app = yield* findStored(supervisor, request.app)
  return yield* app.lock.withPermits(1)(
    Effect.gen(function* () {
      const state = yield* loadState(app)
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
          yield* sweepIfIdle(app)
          return rolloutReply(app)
        }
        const secrets = yield* loadSecrets(app, state.current)
        const plan = yield* makePlan(supervisor, app, release, state.current, secrets)
        const kept =
          state.desired === "stopped"
            ? describeKept(state)
            : `${app.slots.length} ${app.slots.length === 1 ? "instance keeps" : "instances keep"} running`
        yield* rollOut(app, { plan, instances: missing, replaces: [], commit: commit(app, next), kept })
        return rolloutReply(app)
      })
      return yield* audited(app, { action: "scale", instances, ...omitUndefined({ by: request.by }) }, change)
    })
  )
})

/** Stops all instances until the app is started by another change. Its address stays taken. */
export const stop = Effect.fn("stop")(function* (supervisor: Supervisor, request: RequestOf<"stop">) {
  const app = yield* findStored(supervisor, request.app)
  const change = Effect.gen(function* () {
    const state = yield* loadState(app)
    yield* commit(app, { ...state, desired: "stopped" })
    yield* retireAll(app)
    return { app: app.name }
  })
  return yield* app.lock.withPermits(1)(
    audited(app, { action: "stop", ...omitUndefined({ by: request.by }) }, change)
  )
})

/** Stops the app and deletes its state, secrets and output. The audit trail and the app's own folder stay. */
export const remove = Effect.fn("remove")(function* (supervisor: Supervisor, request: RequestOf<"delete">) {
  const app = yield* findStored(supervisor, request.app)
  const change = Effect.gen(function* () {
    const state = yield* ServerState
    const log = yield* InstanceLog
    yield* retireAll(app)
    yield* state.remove(app.name)
    yield* closeFront(app)
    app.isStored = false
    app.state = AppState.create(app.name)
    app.problem = undefined
    app.blockedBy = undefined
    yield* Effect.ignore(log.remove(app.name))
    return { app: app.name }
  })
  return yield* app.lock.withPermits(1)(
    audited(app, { action: "delete", ...omitUndefined({ by: request.by }) }, change)
  )
})
