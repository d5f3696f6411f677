import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { AppName } from "../../domain/app/app-name.ts"
import * as AppState from "../../domain/app/app-state.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { AppHome } from "../../services/app-home/app-home.ts"
import { ServerState } from "../../services/server-state/server-state.ts"
import { bind, replace, suspendFront, sweepLeftovers } from "./rollout.ts"
import {
  type App,
  findOrCreate,
  loadSecrets,
  loadState,
  makePlan,
  type Supervisor,
  timestamp
} from "./supervisor.ts"

/**
 * Brings every app into the state it has on disk, whatever the previous server was doing when it died. No instance starts before
 * the processes of the previous server are gone and every app has its address, which another app could take otherwise.
 */
export const recover = Effect.fn("recover")(function* (supervisor: Supervisor) {
  yield* sweepAll
  const { apps: stored } = yield* ServerState
  const apps = yield* Effect.forEach(yield* stored, (name) => findOrCreate(supervisor, name))
  yield* Effect.forEach(apps, bindAgain, { discard: true })
  yield* Effect.forEach(apps, (app) => recoverApp(supervisor, app), { concurrency: 8, discard: true })
})

/** Kills every process of every app that has had a home here. */
export const sweepAll = Effect.flatMap(AppHome, ({ all }) => Effect.flatMap(all, sweepLeftovers))

/** If it fails now, it is tried again before the app starts. */
const bindAgain = (app: App) =>
  Effect.suspend(() => {
    const release = app.state === undefined ? undefined : AppState.currentRelease(app.state)
    return release === undefined ? Effect.void : Effect.ignore(bind(app, release))
  })

/** An address that is taken may become free again. */
const retrySchedule = Schedule.union(Schedule.exponential("500 millis"), Schedule.spaced("30 seconds"))

const recoverApp = Effect.fnUntraced(function* (supervisor: Supervisor, app: App) {
  const { name } = app
  const started = app.lock
    .withPermits(1)(start(supervisor, app))
    .pipe(
      Effect.tapError((error) =>
        Effect.zipRight(
          Effect.suspend(() => {
            const isAwaited = error._tag === "RevisionUnreadable" && error.reason === "awaited"
            app.problem = error.message
            app.blockedBy = isAwaited
              ? "missing-secrets"
              : error._tag === "ListenFailed"
                ? undefined
                : "damage"
            return suspendFront(app)
          }),
          Effect.annotateLogs(Effect.logError("app failed to start"), { app: name, problem: error._tag })
        )
      )
    )
  yield* Effect.ignore(recordInterruptedChange(name))
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

/** Binds the address, and starts the instances that should run, without proving them first. */
const start = Effect.fn("start")(function* (supervisor: Supervisor, app: App) {
  const state = yield* loadState(app)
  const release = AppState.currentRelease(state)
  if (release === undefined || app.slots.length > 0) return
  yield* bind(app, release)
  if (state.desired === "stopped") return yield* suspendFront(app)
  const secrets = yield* loadSecrets(app, state.current)
  const plan = yield* makePlan(supervisor, app, release, state.current, secrets)
  yield* replace(app, plan, state.instances)
})
