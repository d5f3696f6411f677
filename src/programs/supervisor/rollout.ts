import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { sequential } from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { addressOf } from "../../domain/dev-address.ts"
import type { ListenFailed } from "../../domain/errors/listen.ts"
import { type InstanceFailed, RolloutFailed } from "../../domain/errors/rollout.ts"
import { Balancer, type Front } from "../../services/balancer/balancer.ts"
import type { ServerState } from "../../services/server-state/server-state.ts"
import { hold, type Plan } from "./plan.ts"
import { makeSlot, type Slot, type SlotServices } from "./slot.ts"
import type { App } from "./supervisor.ts"

/** So many start at once: each takes a processor while it does. */
const abreast = 8

/** What a rollout is to end in. */
export interface Rollout<E> {
  readonly plan: Plan
  /** How many are started. */
  readonly instances: number
  /** Those that go for it. */
  readonly replaces: ReadonlyArray<Slot>
  /** Makes it what the server remembers. When it has failed, everything is as before. */
  readonly commit: Effect.Effect<void, E, ServerState>
  /** What goes on when it fails, for people: "revision 3 goes on". */
  readonly kept: string
}

/**
 * New instances beside the old ones; when all of them have been healthy through the window, they are committed, get the
 * requests, and the old ones drain and end. Any failure before that, and what is new is gone and what is old untouched.
 */
export const roll = <E>(
  app: App,
  { plan, instances, replaces, commit, kept }: Rollout<E>
): Effect.Effect<void, E | RolloutFailed | ListenFailed, SlotServices | Balancer | ServerState> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const entrance = yield* entranceFor(app, plan.release.listen)
      const closeNew = closingNew(app, entrance)
      const fresh = yield* Effect.replicateEffect(makeSlot(plan, app.scope), instances)
      app.passing = [...app.passing, ...fresh]
      const proving = restore(Effect.mapError(prove(fresh, plan), refuse(app, kept)))
      yield* Effect.zipRight(proving, commit).pipe(
        Effect.onError(() => Effect.zipRight(abandon(fresh), closeNew)),
        Effect.ensuring(
          Effect.sync(() => {
            app.passing = app.passing.filter((slot) => !fresh.includes(slot))
          })
        ),
        (change) => rolling(app, change)
      )
      // From here on it has happened.
      yield* handOver(app, fresh, replaces, entrance)
    })
  )

/** For a change that takes its time: whoever asks hears of it. */
export const rolling = <A, E, R>(app: App, change: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
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

/** Without a proof: it is committed, what runs is ended, and others are started as often as it takes. */
export const replace = <E = never>(
  app: App,
  plan: Plan,
  instances: number,
  commit: Effect.Effect<void, E, ServerState> = Effect.void
) =>
  Effect.gen(function* () {
    // Before it has happened: somebody else may have the address.
    const entrance = yield* entranceFor(app, plan.release.listen)
    yield* Effect.onError(commit, () => closingNew(app, entrance))
    const fresh = yield* Effect.replicateEffect(makeSlot(plan, app.scope), instances)
    yield* handOver(app, fresh, app.slots, entrance)
  }).pipe(Effect.uninterruptible)

/** All of it ends, the front last. */
export const retireAll = (app: App, atMost?: Duration.DurationInput): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* retire(app, app.slots, atMost)
    const { entrance } = app
    app.entrance = undefined
    yield* entrance?.close ?? Effect.void
  }).pipe(Effect.uninterruptible)

/** They are the app's no more, and end when nothing needs them. */
export const retire = (
  app: App,
  slots: ReadonlyArray<Slot>,
  atMost: Duration.DurationInput = Duration.infinity
): Effect.Effect<void> =>
  Effect.suspend(() => {
    app.slots = app.slots.filter((slot) => !slots.includes(slot))
    app.passing = [...app.passing, ...slots]
    return Effect.forEach(slots, (slot) => slot.retire(atMost), { concurrency: "unbounded", discard: true })
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        app.passing = app.passing.filter((slot) => !slots.includes(slot))
      })
    )
  )

/** Starts them, and waits until all of them have been healthy through the window. */
const prove = (slots: ReadonlyArray<Slot>, { settings }: Plan): Effect.Effect<void, InstanceFailed> => {
  const each = <A>(use: (slot: Slot) => Effect.Effect<A, InstanceFailed>) =>
    Effect.forEach(slots, use, { concurrency: "unbounded", discard: true })
  const permits = Effect.unsafeMakeSemaphore(abreast)
  let missing = slots.length
  const proven = (done: Effect.Effect<void>) =>
    each((slot) =>
      Effect.gen(function* () {
        yield* permits.withPermits(1)(slot.prove)
        missing--
        if (missing === 0) yield* done
        // One that is ready early is looked after until the last one has been through the window.
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

const refuse =
  (app: App, kept: string) =>
  (failure: InstanceFailed): RolloutFailed =>
    new RolloutFailed({ app: app.name, reason: failure.message, output: failure.output, kept })

const entranceFor = (app: App, listen: string | undefined) =>
  listen === undefined
    ? Effect.succeed(undefined)
    : app.entrance?.listen === listen
      ? Effect.succeed(app.entrance)
      : openEntrance(listen, app.scope)

/** Of an entrance that is not the app's. */
const closingNew = (app: App, entrance: Entrance | undefined): Effect.Effect<void> =>
  entrance === app.entrance ? Effect.void : (entrance?.close ?? Effect.void)

/** They never had a request. */
const abandon = (slots: ReadonlyArray<Slot>): Effect.Effect<void> =>
  Effect.forEach(slots, ({ retire }) => retire(0), { concurrency: "unbounded", discard: true })

const handOver = (
  app: App,
  fresh: ReadonlyArray<Slot>,
  old: ReadonlyArray<Slot>,
  entrance: Entrance | undefined
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const before = app.entrance
    for (const slot of fresh) yield* slot.serve(entrance?.front)
    app.slots = [...app.slots, ...fresh]
    app.entrance = entrance
    app.problem = undefined
    app.hindrance = undefined
    yield* retire(app, old)
    if (before !== entrance) yield* before?.close ?? Effect.void
  })

/** The front of an app, where it has one. */
export interface Entrance {
  readonly listen: string
  readonly front: Front
  readonly close: Effect.Effect<void>
}

/** Listens until it is closed, or the scope. */
export const openEntrance = (
  listen: string,
  within: Scope.Scope
): Effect.Effect<Entrance, ListenFailed, Balancer> =>
  Effect.gen(function* () {
    const balancer = yield* Balancer
    const scope = yield* Scope.fork(within, sequential)
    const front = yield* Scope.extend(balancer.open(addressOf(listen), { hold }), scope).pipe(
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
    return { listen, front, close: Scope.close(scope, Exit.void) }
  }).pipe(Effect.uninterruptible)
