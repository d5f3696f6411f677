import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { AppName } from "../../domain/app/app-name.ts"
import * as AppState from "../../domain/app/app-state.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { AppHome } from "../../services/app-home/app-home.ts"
import { ProcessSpawner } from "../../services/process-spawner/process-spawner.ts"
import { ServerState } from "../../services/server-state/server-state.ts"
import { environmentMark } from "./plan.ts"
import { replace } from "./rollout.ts"
import {
  type App,
  findOrCreate,
  loadSecrets,
  loadState,
  makePlan,
  type Supervisor,
  timestamp
} from "./supervisor.ts"

/** Brings every app into the state it has on disk, whatever the previous server was doing when it died. */
export const recover = Effect.fn("recover")(function* (supervisor: Supervisor) {
  const state = yield* ServerState
  const names = yield* state.apps
  yield* Effect.forEach(names, (name) => recoverApp(supervisor, name), { concurrency: 8, discard: true })
})

/** An address that is taken may become free again. */
const retrySchedule = Schedule.union(Schedule.exponential("500 millis"), Schedule.spaced("30 seconds"))

const recoverApp = Effect.fnUntraced(function* (supervisor: Supervisor, name: AppName) {
  const app = yield* findOrCreate(supervisor, name)
  const homes = yield* AppHome
  const spawner = yield* ProcessSpawner
  const cleanUp = Effect.gen(function* () {
    const swept = yield* Effect.flatMap(homes.of(name), (home) => spawner.sweep(environmentMark(home)))
    if (swept > 0) {
      yield* Effect.annotateLogs(Effect.logWarning("killed processes left by the previous server"), {
        app: name,
        swept
      })
    }
    yield* recordInterruptedChange(name)
  })
  const started = app.lock
    .withPermits(1)(start(supervisor, app))
    .pipe(
      Effect.tapError((error) =>
        Effect.zipRight(
          Effect.sync(() => {
            const isAwaited = error._tag === "RevisionUnreadable" && error.reason === "awaited"
            app.problem = error.message
            app.blockedBy = isAwaited
              ? "missing-secrets"
              : error._tag === "ListenFailed"
                ? undefined
                : "damage"
          }),
          Effect.annotateLogs(Effect.logError("app failed to start"), { app: name, problem: error._tag })
        )
      )
    )
  yield* Effect.ignore(cleanUp)
  yield* Effect.either(started).pipe(
    Effect.flatMap((first) =>
      first._tag === "Left" && first.left._tag === "ListenFailed"
        ? Effect.asVoid(Effect.forkIn(Effect.ignore(Effect.retry(started, retrySchedule)), app.scope))
        : Effect.void
    )
  )
})

/** A change whose end is missing from the trail was interrupted. The state on disk says how it ended. */
const recordInterruptedChange = Effect.fnUntraced(function* (name: AppName) {
  const { audit, read, record } = yield* ServerState
  const [last] = yield* audit(name, 1)
  if (last?.outcome !== "started") return
  const found = yield* read(name)
  if (found._tag === "None") return
  const { current, release } = found.value
  yield* record(name, {
    at: yield* timestamp,
    action: "recover",
    outcome: "done",
    ...omitUndefined({ revision: current ?? undefined, release: release ?? undefined })
  })
})

/** Starts the instances that should run, without proving them first. */
const start = Effect.fn("start")(function* (supervisor: Supervisor, app: App) {
  const state = yield* loadState(app)
  const release = AppState.currentRelease(state)
  if (state.desired === "stopped" || release === undefined || app.slots.length > 0) return
  const secrets = yield* loadSecrets(app, state.current)
  const plan = yield* makePlan(supervisor, app, release, state.current, secrets)
  yield* replace(app, plan, state.instances)
})
