import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { sequential } from "effect/ExecutionStrategy"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { AppName } from "../../domain/app/app-name.ts"
import * as AppState from "../../domain/app/app-state.ts"
import type { Release, Revision } from "../../domain/app/release.ts"
import * as SecretSet from "../../domain/app/secret-set.ts"
import { AppUnknown } from "../../domain/errors/server.ts"
import { AppHome } from "../../services/app-home/app-home.ts"
import type { Balancer } from "../../services/balancer/balancer.ts"
import { ServerState, type StateError } from "../../services/server-state/server-state.ts"
import type { Plan, Settings } from "./plan.ts"
import type { AppFront } from "./rollout.ts"
import type { Slot, SlotServices } from "./slot.ts"

/** The apps of this server, and what all of them share. */
export interface Supervisor {
  readonly settings: Settings
  readonly apps: Map<AppName, App>
  /** Closing it leaves no process of any app. */
  readonly scope: Scope.Scope
  /** Closed after `scope`: an address stays ours until no process that could take it is left. */
  readonly fronts: Scope.Scope
}

/** A running app and its state in memory. Whoever changes it holds its lock. */
export interface App {
  readonly name: AppName
  /** Serializes all changes of the app. */
  readonly lock: Effect.Semaphore
  /** Outlives every slot of the app. */
  readonly scope: Scope.CloseableScope
  /** Outlives every front of the app. */
  readonly fronts: Scope.CloseableScope
  /** The state on disk, or a new one that is not written yet; undefined while the one on disk cannot be read. */
  state: AppState.AppState | undefined
  /** Whether the app has a state on disk. */
  isStored: boolean
  /** Why the app does not run as it should, for people. */
  problem: string | undefined
  /** Why nothing can be started until somebody intervenes: damaged files, or secrets that have to be synced again. */
  blockedBy: "damage" | "missing-secrets" | undefined
  /** The slots that serve. */
  slots: ReadonlyArray<Slot>
  /** Slots on probation, and slots that are being retired. */
  transitional: ReadonlyArray<Slot>
  front: AppFront | undefined
  isRolling: boolean
}

/** The services that changing an app takes. */
export type ServerServices = ServerState | AppHome | Balancer | SlotServices

const find =
  (matches: (app: App) => boolean) =>
  ({ apps }: Supervisor, name: AppName): Effect.Effect<App, AppUnknown> =>
    Effect.suspend(() => {
      const app = apps.get(name)
      return app !== undefined && matches(app) ? Effect.succeed(app) : new AppUnknown({ app: name })
    })

/** Finds an app that has a state on disk. */
export const findStored = find(({ isStored }) => isStored)

/** Whether clients can see the app. During its first rollout it is not stored yet. */
export const isVisible = ({ isStored, isRolling }: App): boolean => isStored || isRolling

/** Finds an app that clients can see. */
export const findVisible = find(isVisible)

/** Finds the app, loads it from disk, or creates an empty one. */
export const findOrCreate = (supervisor: Supervisor, name: AppName): Effect.Effect<App, never, ServerState> =>
  Effect.gen(function* () {
    const existing = supervisor.apps.get(name)
    if (existing !== undefined) return existing
    const read = yield* Effect.either(Effect.flatMap(ServerState, (state) => state.read(name)))
    const scope = yield* Scope.fork(supervisor.scope, sequential)
    const fronts = yield* Scope.fork(supervisor.fronts, sequential)
    const isDamaged = read._tag === "Left"
    const stored = isDamaged ? undefined : Option.getOrUndefined(read.right)
    const app: App = {
      name,
      lock: Effect.unsafeMakeSemaphore(1),
      scope,
      fronts,
      state: isDamaged ? undefined : (stored ?? AppState.create(name)),
      isStored: isDamaged || stored !== undefined,
      problem: isDamaged ? read.left.message : undefined,
      blockedBy: isDamaged ? "damage" : undefined,
      slots: [],
      transitional: [],
      front: undefined,
      isRolling: false
    }
    // Another request may have added the app while this one read the disk.
    const added = supervisor.apps.get(name)
    if (added !== undefined) return added
    supervisor.apps.set(name, app)
    return app
  })

/** Reads the state again if it was damaged: somebody may have repaired it. */
export const loadState = (app: App): Effect.Effect<AppState.AppState, StateError, ServerState> =>
  Effect.gen(function* () {
    if (app.state !== undefined) return app.state
    const { read } = yield* ServerState
    const state = Option.getOrElse(yield* read(app.name), () => AppState.create(app.name))
    app.state = state
    app.problem = undefined
    app.blockedBy = undefined
    return state
  })

/** Stores the new state, and discards revisions that nothing refers to any more. */
export const commit = (app: App, next: AppState.AppState): Effect.Effect<void, StateError, ServerState> =>
  Effect.gen(function* () {
    const state = yield* ServerState
    // If only the last fsync failed, the new state may be on disk, so the old one is written again.
    const before = app.isStored ? app.state : undefined
    yield* Effect.onError(state.write(next), () =>
      before === undefined ? Effect.void : Effect.ignore(state.write(before))
    )
    const used = AppState.usedRevisions(next)
    const unused = (app.state?.revisions ?? []).filter(({ revision }) => !used.has(revision))
    app.state = next
    app.isStored = true
    // The next start removes what cannot be discarded now.
    yield* Effect.forEach(unused, ({ revision }) => Effect.ignore(state.discard(app.name, revision)))
  })

/** Loads the secrets of a revision; an app without a revision has no secrets. */
export const loadSecrets = (app: App, revision: Revision | null) =>
  revision === null
    ? Effect.succeed(SecretSet.empty)
    : Effect.flatMap(ServerState, (state) => state.secrets(app.name, revision))

export const makePlan = (
  { settings }: Supervisor,
  app: App,
  release: Release,
  revision: Revision | null,
  secrets: SecretSet.SecretSet
) =>
  Effect.map(
    Effect.flatMap(AppHome, ({ of }) => of(app.name)),
    (home): Plan => ({ app: app.name, release, revision, secrets, home, settings })
  )

export const timestamp: Effect.Effect<string> = Effect.map(Clock.currentTimeMillis, (now) =>
  new Date(now).toISOString()
)

/** Counts the instances that serve. */
export const healthyCount = (app: App): Effect.Effect<number> =>
  Effect.map(
    Effect.forEach(app.slots, ({ status }) => status),
    (all) => all.filter(({ phase }) => phase === "healthy").length
  )
