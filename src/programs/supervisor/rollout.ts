import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { sequential } from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Release } from "../../domain/app/release.ts"
import { addressOf } from "../../domain/dev-address.ts"
import type { ListenFailed } from "../../domain/errors/listen.ts"
import { type InstanceFailed, RolloutFailed } from "../../domain/errors/rollout.ts"
import { AppHome, type Home } from "../../services/app-home/app-home.ts"
import { Balancer, type Front } from "../../services/balancer/balancer.ts"
import { ProcessSpawner } from "../../services/process-spawner/process-spawner.ts"
import type { ServerState } from "../../services/server-state/server-state.ts"
import { environmentMark, hold, type Plan } from "./plan.ts"
import { makeSlot, type Slot, type SlotServices } from "./slot.ts"
import type { App } from "./supervisor.ts"

/** Starting an instance keeps a processor busy, so only this many start at once. */
const maxConcurrentStarts = 8

/** What to start, what it replaces, and how to commit it. */
export interface Rollout<E> {
  readonly plan: Plan
  /** The number of new instances. */
  readonly instances: number
  /** The slots to retire afterwards. */
  readonly replaces: ReadonlyArray<Slot>
  /** Stores the new state. If it fails, nothing has changed. */
  readonly commit: Effect.Effect<void, E, ServerState>
  /** What keeps running if the rollout fails, for people: "revision 3 keeps running". */
  readonly kept: string
}

/**
 * Starts new instances beside the old ones. Once all of them have stayed healthy for the window, the change is committed,
 * they get the requests, and the old ones drain and stop. After a failure before the commit, the new instances are gone and
 * the old ones untouched.
 */
export const rollOut = <E>(
  app: App,
  { plan, instances, replaces, commit, kept }: Rollout<E>
): Effect.Effect<void, E | RolloutFailed | ListenFailed, AppHome | SlotServices | Balancer | ServerState> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const front = yield* frontFor(app, plan.release.listen)
      const closeNew = closeUnlessCurrent(app, front)
      const fresh = yield* Effect.replicateEffect(makeSlot(plan, app.scope), instances)
      app.transitional = [...app.transitional, ...fresh]
      const proving = restore(Effect.mapError(prove(fresh, plan), toRolloutFailed(app, kept)))
      yield* Effect.zipRight(proving, commit).pipe(
        Effect.onError(() => Effect.zipRight(discardAll(fresh), closeNew)),
        Effect.ensuring(
          Effect.sync(() => {
            app.transitional = app.transitional.filter((slot) => !fresh.includes(slot))
          })
        ),
        (change) => whileRolling(app, change),
        Effect.onError(() => sweepIfIdle(app))
      )
      // The change is committed and can no longer fail.
      yield* handOver(app, fresh, replaces, front)
    })
  )

/** Shows the app as rolling while the change runs. */
export const whileRolling = <A, E, R>(app: App, change: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      app.isRolling = true
    }),
    () => change,
    () =>
      Effect.sync(() => {
        app.isRolling = false
      })
  )

/** Commits the change and replaces all instances without proving new ones; those that fail are restarted. */
export const replace = <E = never>(
  app: App,
  plan: Plan,
  instances: number,
  commit: Effect.Effect<void, E, ServerState> = Effect.void
) =>
  Effect.gen(function* () {
    // Before the commit, because the address may be taken.
    const front = yield* frontFor(app, plan.release.listen)
    yield* Effect.onError(commit, () => closeUnlessCurrent(app, front))
    const fresh = yield* Effect.replicateEffect(makeSlot(plan, app.scope), instances)
    yield* handOver(app, fresh, app.slots, front)
  }).pipe(Effect.uninterruptible)

/**
 * Retires all instances and kills what outlives them. The front stays, and answers 503, so that nobody else gets the requests
 * and the cookies of the app's clients.
 */
export const retireAll = (app: App) =>
  Effect.gen(function* () {
    yield* suspendFront(app)
    yield* retire(app, app.slots)
    yield* sweepIfIdle(app)
  }).pipe(Effect.uninterruptible)

/** Closes the front of an app that is about to be deleted. */
export const closeFront = (app: App): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { front } = app
    app.front = undefined
    return front?.close ?? Effect.void
  })

/** Opens the app's front before any of its instances starts. */
export const bind = (app: App, { listen }: Release) =>
  Effect.gen(function* () {
    app.front ??= yield* frontFor(app, listen)
  })

/** Has the front answer 503 at once, because no instance is about to start. */
export const suspendFront = (app: App): Effect.Effect<void> =>
  Effect.suspend(() => app.front?.front.suspend ?? Effect.void)

/**
 * Kills what has outlived all instances of the app: a process can leave its session and its environment, but not its user. Whoever
 * calls this holds the app's lock, so that no instance is being started.
 */
export const sweepIfIdle = (app: App) =>
  Effect.suspend(() =>
    app.slots.length + app.transitional.length > 0
      ? Effect.void
      : Effect.flatMap(AppHome, ({ of }) => of(app.name)).pipe(
          Effect.flatMap((home) => sweepLeftovers([home])),
          Effect.annotateLogs({ app: app.name }),
          Effect.ignore
        )
  )

/** Kills every process of the apps with these homes. */
export const sweepLeftovers = (homes: ReadonlyArray<Home>) =>
  Effect.gen(function* () {
    const { sweep } = yield* ProcessSpawner
    const users = homes.flatMap(({ user, isUserExclusive }) =>
      user !== undefined && isUserExclusive ? [user] : []
    )
    const { killed, remaining } = yield* sweep({ variables: homes.map(environmentMark), users })
    if (killed > 0) yield* Effect.annotateLogs(Effect.logWarning("killed leftover processes"), { killed })
    if (remaining > 0) yield* Effect.annotateLogs(Effect.logError("leftover processes remain"), { remaining })
  })

/** Takes the slots out of service, and stops each once it has drained. */
export const retire = (
  app: App,
  slots: ReadonlyArray<Slot>,
  atMost: Duration.DurationInput = Duration.infinity
): Effect.Effect<void> =>
  Effect.suspend(() => {
    app.slots = app.slots.filter((slot) => !slots.includes(slot))
    app.transitional = [...app.transitional, ...slots]
    return Effect.forEach(slots, (slot) => slot.retire(atMost), { concurrency: "unbounded", discard: true })
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        app.transitional = app.transitional.filter((slot) => !slots.includes(slot))
      })
    )
  )

/** Starts the instances, and waits until all of them have stayed healthy for the window. */
const prove = (slots: ReadonlyArray<Slot>, { settings }: Plan): Effect.Effect<void, InstanceFailed> => {
  const each = <A>(use: (slot: Slot) => Effect.Effect<A, InstanceFailed>) =>
    Effect.forEach(slots, use, { concurrency: "unbounded", discard: true })
  const permits = Effect.unsafeMakeSemaphore(maxConcurrentStarts)
  let missing = slots.length
  const proven = (done: Effect.Effect<void>) =>
    each((slot) =>
      Effect.gen(function* () {
        yield* permits.withPermits(1)(slot.prove)
        missing--
        if (missing === 0) yield* done
        // An instance that is ready early stays on probation until the window of the last one is over.
        return yield* slot.probation
      })
    )
  return Effect.gen(function* () {
    if (slots.length === 0) return
    const all = Effect.unsafeMakeLatch(false)
    const passed = Effect.zipRight(all.await, Effect.sleep(settings.window))
    yield* Effect.raceFirst(proven(Effect.asVoid(all.open)), passed)
    yield* each(({ confirm }) => confirm)
  })
}

const toRolloutFailed =
  (app: App, kept: string) =>
  (failure: InstanceFailed): RolloutFailed =>
    new RolloutFailed({ app: app.name, reason: failure.message, output: failure.output, kept })

const frontFor = (app: App, listen: string | undefined) =>
  listen === undefined
    ? Effect.succeed(undefined)
    : app.front?.listen === listen
      ? Effect.succeed(app.front)
      : openFront(listen, app.fronts)

/** Closes a front that was opened for a rollout that failed. */
const closeUnlessCurrent = (app: App, front: AppFront | undefined): Effect.Effect<void> =>
  front === app.front ? Effect.void : (front?.close ?? Effect.void)

/** Stops slots that never served, without draining. */
const discardAll = (slots: ReadonlyArray<Slot>): Effect.Effect<void> =>
  Effect.forEach(slots, ({ retire }) => retire(0), { concurrency: "unbounded", discard: true })

const handOver = (
  app: App,
  fresh: ReadonlyArray<Slot>,
  old: ReadonlyArray<Slot>,
  front: AppFront | undefined
) =>
  Effect.gen(function* () {
    const before = app.front
    for (const slot of fresh) yield* slot.serve(front?.front)
    app.slots = [...app.slots, ...fresh]
    app.front = front
    app.problem = undefined
    app.blockedBy = undefined
    yield* retire(app, old)
    if (before !== front) yield* before?.close ?? Effect.void
    yield* sweepIfIdle(app)
  })

/** The front of an app, and the address from tako.toml that it listens on. */
export interface AppFront {
  readonly listen: string
  readonly front: Front
  readonly close: Effect.Effect<void>
}

/** Opens a front that listens until it, or the scope, is closed. */
const openFront = (listen: string, within: Scope.Scope): Effect.Effect<AppFront, ListenFailed, Balancer> =>
  Effect.gen(function* () {
    const balancer = yield* Balancer
    const scope = yield* Scope.fork(within, sequential)
    const front = yield* Scope.extend(balancer.open(addressOf(listen), { hold }), scope).pipe(
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
    return { listen, front, close: Scope.close(scope, Exit.void) }
  }).pipe(Effect.uninterruptible)
