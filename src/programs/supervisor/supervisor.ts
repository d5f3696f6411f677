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
import type { Entrance } from "./rollout.ts"
import type { Slot, SlotServices } from "./slot.ts"

/** Everything that runs on this server. */
export interface Supervisor {
  readonly settings: Settings
  readonly apps: Map<AppName, App>
  readonly scope: Scope.Scope
}

/** What changes apps takes. */
export type ServerServices = ServerState | AppHome | Balancer | SlotServices

const find =
  (isThere: (app: App) => boolean) =>
  ({ apps }: Supervisor, name: AppName): Effect.Effect<App, AppUnknown> =>
    Effect.suspend(() => {
      const app = apps.get(name)
      return app !== undefined && isThere(app) ? Effect.succeed(app) : new AppUnknown({ app: name })
    })

/** The app, if the server remembers it. */
export const known = find(({ isStored }) => isStored)

/** Whether there is anything to tell of it: one that is rolled out for the first time is not remembered yet. */
export const isSeen = ({ isStored, isRolling }: App): boolean => isStored || isRolling

/** The app, if there is anything to tell of it. */
export const seen = find(isSeen)

/** The app as it is remembered, or a new one that has nothing. */
export const ensured = (supervisor: Supervisor, name: AppName): Effect.Effect<App, never, ServerState> =>
  Effect.gen(function* () {
    const before = supervisor.apps.get(name)
    if (before !== undefined) return before
    const read = yield* Effect.either(Effect.flatMap(ServerState, (state) => state.read(name)))
    const scope = yield* Scope.fork(supervisor.scope, sequential)
    const isDamaged = read._tag === "Left"
    const stored = isDamaged ? undefined : Option.getOrUndefined(read.right)
    const app: App = {
      name,
      lock: Effect.unsafeMakeSemaphore(1),
      scope,
      state: isDamaged ? undefined : (stored ?? AppState.create(name)),
      isStored: isDamaged || stored !== undefined,
      problem: isDamaged ? read.left.message : undefined,
      hindrance: isDamaged ? "broken" : undefined,
      slots: [],
      passing: [],
      entrance: undefined,
      isRolling: false
    }
    // Somebody else may have come first.
    const there = supervisor.apps.get(name)
    if (there !== undefined) return there
    supervisor.apps.set(name, app)
    return app
  })

/** Its state, read again where it could not be: somebody may have mended it. */
export const stateOf = (app: App): Effect.Effect<AppState.AppState, StateError, ServerState> =>
  Effect.gen(function* () {
    if (app.state !== undefined) return app.state
    const { read } = yield* ServerState
    const state = Option.getOrElse(yield* read(app.name), () => AppState.create(app.name))
    app.state = state
    app.problem = undefined
    app.hindrance = undefined
    return state
  })

/** Makes it what the server remembers, and forgets the secrets that nothing refers to any more. */
export const commit = (app: App, next: AppState.AppState): Effect.Effect<void, StateError, ServerState> =>
  Effect.gen(function* () {
    const state = yield* ServerState
    // One that failed may be on the disk all the same, when the last fsync was what failed.
    const before = app.isStored ? app.state : undefined
    yield* Effect.onError(state.write(next), () =>
      before === undefined ? Effect.void : Effect.ignore(state.write(before))
    )
    const used = AppState.usedRevisions(next)
    const unused = (app.state?.revisions ?? []).filter(({ revision }) => !used.has(revision))
    app.state = next
    app.isStored = true
    // What stays is cleared away at the next start.
    yield* Effect.forEach(unused, ({ revision }) => Effect.ignore(state.discard(app.name, revision)))
  })

/** The secrets of a revision; without one, there are none. */
export const secretsOf = (app: App, revision: Revision | null) =>
  revision === null
    ? Effect.succeed(SecretSet.empty)
    : Effect.flatMap(ServerState, (state) => state.secrets(app.name, revision))

export const planOf = (
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

export const instantNow: Effect.Effect<string> = Effect.map(Clock.currentTimeMillis, (now) =>
  new Date(now).toISOString()
)

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
