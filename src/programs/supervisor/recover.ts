import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { AppName } from "../../domain/app/app-name.ts"
import * as AppState from "../../domain/app/app-state.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { AppHome } from "../../services/app-home/app-home.ts"
import { ProcessSpawner } from "../../services/process-spawner/process-spawner.ts"
import { ServerState } from "../../services/server-state/server-state.ts"
import { markOf } from "./plan.ts"
import { replace } from "./rollout.ts"
import { type App, ensured, instantNow, planOf, type Supervisor, secretsOf, stateOf } from "./supervisor.ts"

/** Brings every app to where its state says that it is, whatever the server before this one was doing when it ended. */
export const recover = Effect.fn("recover")(function* (supervisor: Supervisor) {
  const state = yield* ServerState
  const names = yield* state.apps
  yield* Effect.forEach(names, (name) => recoverApp(supervisor, name), { concurrency: 8, discard: true })
})

/** An address that somebody else has, a disk that is full: it may pass. */
const again = Schedule.union(Schedule.exponential("500 millis"), Schedule.spaced("30 seconds"))

const recoverApp = Effect.fnUntraced(function* (supervisor: Supervisor, name: AppName) {
  const app = yield* ensured(supervisor, name)
  const homes = yield* AppHome
  const spawner = yield* ProcessSpawner
  const tidied = Effect.gen(function* () {
    const swept = yield* Effect.flatMap(homes.of(name), (home) => spawner.sweep(markOf(home)))
    if (swept > 0) {
      yield* Effect.annotateLogs(Effect.logWarning("ended what the server before left"), { app: name, swept })
    }
    yield* noteCutOff(name)
  })
  const started = app.lock
    .withPermits(1)(start(supervisor, app))
    .pipe(
      Effect.tapError((error) =>
        Effect.zipRight(
          Effect.sync(() => {
            const isAwaited = error._tag === "RevisionUnreadable" && error.reason === "awaited"
            app.problem = error.message
            app.hindrance = isAwaited ? "waiting" : error._tag === "ListenFailed" ? undefined : "broken"
          }),
          Effect.annotateLogs(Effect.logError("app not started"), { app: name, problem: error._tag })
        )
      )
    )
  yield* Effect.ignore(tidied)
  yield* Effect.either(started).pipe(
    Effect.flatMap((first) =>
      first._tag === "Left" && first.left._tag === "ListenFailed"
        ? Effect.asVoid(Effect.forkIn(Effect.ignore(Effect.retry(started, again)), app.scope))
        : Effect.void
    )
  )
})

/** A change without an end in the trail was cut off: its end is what the state says. */
const noteCutOff = Effect.fnUntraced(function* (name: AppName) {
  const { audit, read, record } = yield* ServerState
  const [last] = yield* audit(name, 1)
  if (last?.outcome !== "started") return
  const found = yield* read(name)
  if (found._tag === "None") return
  const { current, release } = found.value
  yield* record(name, {
    at: yield* instantNow,
    action: "recover",
    outcome: "done",
    ...omitUndefined({ revision: current ?? undefined, release: release ?? undefined })
  })
})

/** Whatever of it does not run and should is started; without a proof. */
const start = Effect.fn("start")(function* (supervisor: Supervisor, app: App) {
  const state = yield* stateOf(app)
  const release = AppState.currentRelease(state)
  if (state.desired === "stopped" || release === undefined || app.slots.length > 0) return
  const secrets = yield* secretsOf(app, state.current)
  const plan = yield* planOf(supervisor, app, release, state.current, secrets)
  yield* replace(app, plan, state.instances)
})
