import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AppName } from "../../domain/app/app-name.ts"
import * as AppState from "../../domain/app/app-state.ts"
import type { AppPhase, AppStatus } from "../../domain/protocol/replies.ts"
import type { Entrance } from "./front.ts"
import type { Slot } from "./slot.ts"

/** An app as this server has it running. What is in here is changed by whoever has its lock. */
export interface App {
  readonly name: AppName
  /** One at a time changes the app: syncs, deploys, all of them. */
  readonly lock: Effect.Semaphore
  /** Of what runs; everything that is in `slots` lives in it or in a scope within. */
  readonly scope: Scope.CloseableScope
  /** As it is on the disk, or was created and not written yet; undefined while that cannot be read. */
  state: AppState.AppState | undefined
  /** Whether the server remembers it. */
  isStored: boolean
  /** Why it is not as it should be. */
  problem: string | undefined
  /** Its state, or what is sealed, cannot be used until somebody acts. */
  hindrance: "broken" | "waiting" | undefined
  slots: ReadonlyArray<Slot>
  /** Those that are proving themselves, and those that end. */
  passing: ReadonlyArray<Slot>
  entrance: Entrance | undefined
  isRolling: boolean
}

/** So many of its instances serve. */
export const healthyCount = (app: App): Effect.Effect<number> =>
  Effect.map(
    Effect.forEach(app.slots, ({ status }) => status),
    (all) => all.filter(({ phase }) => phase === "healthy").length
  )

export const statusOf = (app: App): Effect.Effect<AppStatus> =>
  Effect.gen(function* () {
    const { state } = app
    const statuses = yield* Effect.forEach([...app.slots, ...app.passing], ({ status }) => status)
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
    if (state === undefined || app.hindrance === "broken") return "broken"
    if (app.isRolling) return "rolling"
    if (state.desired === "stopped") return "stopped"
    if (state.release === null || app.hindrance === "waiting") return "waiting"
    if (healthy === state.instances) return "running"
    const statuses = yield* Effect.forEach(app.slots, ({ status }) => status)
    return statuses.every(({ restarts }) => restarts === 0) ? "starting" : "degraded"
  })
