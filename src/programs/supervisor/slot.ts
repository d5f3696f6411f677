import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { sequential } from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import type { InstanceFailed } from "../../domain/errors/rollout.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { InstanceStatus } from "../../domain/protocol/replies.ts"
import { type Front, resumeRefused } from "../../services/balancer/balancer.ts"
import type { Health } from "../../services/health/health.ts"
import type { InstanceLog } from "../../services/instance-log/instance-log.ts"
import type { ProcessSpawner } from "../../services/process-spawner/process-spawner.ts"
import { type Instance, startInstance, startingPace, toItsEnd } from "./instance.ts"
import { drainOf, type Plan } from "./plan.ts"

/** How often an instance that serves is asked how it is. */
const servingPace = "1 second"
/** How long to wait before one that failed is started again: doubled each time, up to the longest. */
const shortestPause = Duration.millis(500)
const longestPause = Duration.minutes(1)
/** One that was well for so long fails for another reason than the one before: the pauses begin anew. */
const wellFor = Duration.toMillis(Duration.minutes(1))

/** A place for one instance of an app: whenever the one that it has fails, there is another one. */
export interface Slot {
  readonly plan: Plan
  readonly status: Effect.Effect<InstanceStatus>
  /** Starts the instance that has to prove itself, and waits until it may serve. */
  readonly prove: Effect.Effect<void, InstanceFailed>
  /** Ends when the instance that proves itself is not well any more. */
  readonly probation: Effect.Effect<never, InstanceFailed>
  readonly confirm: Effect.Effect<void, InstanceFailed>
  /** From now on it serves behind the front, and is replaced whenever it fails; started where it was not proven. */
  readonly serve: (front: Front | undefined) => Effect.Effect<void>
  /** No new requests; the ones that it has may take as long as the release says, or at most this; then it is ended. */
  readonly retire: (atMost?: Duration.DurationInput) => Effect.Effect<void>
}

interface State {
  readonly phase: InstanceStatus["phase"]
  readonly instance?: Instance
  /** Of the instance; closing it leaves nothing of it. */
  readonly scope?: Scope.CloseableScope
  readonly restarts: number
}

export type SlotServices = ProcessSpawner | Health | InstanceLog

/** A slot without an instance; when it is retired, or the scope closed, nothing of it is left. */
export const makeSlot = Effect.fnUntraced(function* (plan: Plan, within: Scope.Scope) {
  const own = yield* Scope.fork(within, sequential)
  // Made before there is a loop, so that its end comes first: nobody starts another instance for one that was ended.
  const instances = yield* Scope.fork(own, sequential)
  const context = yield* Effect.context<SlotServices>()
  const state = yield* Ref.make<State>({ phase: "starting", restarts: 0 })
  const birth = yield* Clock.currentTimeMillis
  let front: Front | undefined
  let loop: Fiber.Fiber<unknown> | undefined
  const set = (change: Partial<State>) => Ref.update(state, (before) => ({ ...before, ...change }))

  const start = Effect.uninterruptible(
    Effect.gen(function* () {
      const scope = yield* Scope.fork(instances, sequential)
      const started = yield* Effect.exit(Effect.provide(Scope.extend(startInstance(plan), scope), context))
      if (Exit.isFailure(started)) {
        yield* Scope.close(scope, Exit.void)
        return yield* started
      }
      yield* set({ phase: "starting", instance: started.value, scope })
      return started.value
    })
  )
  /** Of the instance that there is nothing is left. */
  const end = Effect.gen(function* () {
    const { instance, scope } = yield* Ref.get(state)
    if (instance === undefined || scope === undefined) return
    yield* leave(instance)
    yield* toItsEnd(instance.stop)
    yield* Scope.close(scope, Exit.void)
    yield* Ref.update(state, ({ phase, restarts }) => ({ phase, restarts }))
  })
  const backendOf = ({ id, port }: Instance) =>
    Effect.map(port, (number) => (number === null ? undefined : { id, port: number }))
  const join = (instance: Instance) =>
    Effect.flatMap(backendOf(instance), (backend) =>
      backend === undefined || front === undefined ? Effect.void : front.add(backend)
    )
  /** One that the front could not connect to once gets requests again as soon as it is well. */
  const takingBack = (instance: Instance) =>
    Effect.flatMap(backendOf(instance), (backend) =>
      backend === undefined || front === undefined
        ? Effect.never
        : resumeRefused(front, backend, Effect.isSuccess(instance.confirm))
    )
  const leave = (instance: Instance) =>
    Effect.flatMap(backendOf(instance), (backend) =>
      backend === undefined || front === undefined ? Effect.void : front.remove(backend)
    )
  /** What it still has at the limit, it may end itself when it is told to end: a WebSocket, a stream. */
  const dismiss = (instance: Instance, limit: Duration.DurationInput) =>
    Effect.gen(function* () {
      const backend = yield* backendOf(instance)
      if (backend === undefined || front === undefined) return
      const drained = Effect.asVoid(front.drain(backend, limit))
      yield* toItsEnd(Effect.raceFirst(drained, Effect.asVoid(instance.exit)))
      yield* toItsEnd(instance.stop)
    })

  const serveOnce = Effect.gen(function* () {
    const known = (yield* Ref.get(state)).instance
    const instance = known ?? (yield* start)
    if (known === undefined) {
      yield* instance.untilHealthy
      yield* Effect.uninterruptible(Effect.zipRight(join(instance), set({ phase: "healthy" })))
    }
    yield* Effect.annotateLogs(Effect.logInfo("instance serves"), labelsOf(plan, instance))
    return yield* Effect.raceFirst(instance.whileHealthy(servingPace), takingBack(instance))
  })

  const serveAlways = (pause: Duration.Duration): Effect.Effect<never> =>
    Effect.gen(function* () {
      const since = yield* Clock.currentTimeMillis
      const failure = yield* Effect.flip(serveOnce)
      const { instance } = yield* Ref.get(state)
      const { _tag: problem } = failure.problem
      yield* Effect.annotateLogs(Effect.logWarning("instance failed"), {
        ...labelsOf(plan, instance),
        problem
      })
      // It runs; what it still has to answer, it may be able to.
      if ((problem === "Unhealthy" || problem === "ForeignPort") && instance !== undefined) {
        yield* set({ phase: "unhealthy" })
        yield* dismiss(instance, drainOf(plan))
      }
      yield* Effect.uninterruptible(end)
      const isOld = (yield* Clock.currentTimeMillis) - since > wellFor
      const now = isOld ? shortestPause : pause
      yield* Ref.update(state, ({ restarts }) => ({ phase: "backoff" as const, restarts: restarts + 1 }))
      yield* Effect.sleep(now)
      return yield* serveAlways(Duration.min(longestPause, Duration.times(now, 2)))
    })

  const withInstance = <A, E>(use: (instance: Instance) => Effect.Effect<A, E>) =>
    Effect.flatMap(Ref.get(state), ({ instance }) =>
      instance === undefined ? Effect.dieMessage("no instance to prove") : use(instance)
    )

  const slot: Slot = {
    plan,
    status: Effect.gen(function* () {
      const { phase, instance, restarts } = yield* Ref.get(state)
      return {
        id: instance?.id ?? "-",
        pid: instance?.pid ?? 0,
        phase,
        port: instance === undefined ? null : yield* instance.port,
        release: plan.release.id,
        revision: plan.revision,
        started_at: new Date(instance?.startedAt ?? birth).toISOString(),
        restarts
      }
    }),
    prove: Effect.flatMap(start, (instance) => instance.untilHealthy),
    probation: withInstance((instance) => instance.whileHealthy(startingPace)),
    confirm: withInstance((instance) => instance.confirm),
    serve: (behind) =>
      Effect.gen(function* () {
        front = behind
        // Before anybody is told to go.
        const { instance } = yield* Ref.get(state)
        if (instance !== undefined) yield* Effect.zipRight(join(instance), set({ phase: "healthy" }))
        loop = yield* Effect.forkIn(Effect.interruptible(serveAlways(shortestPause)), own)
      }).pipe(Effect.uninterruptible),
    retire: (atMost = Duration.infinity) =>
      Effect.gen(function* () {
        yield* set({ phase: "draining" })
        if (loop !== undefined) yield* Fiber.interrupt(loop)
        const { instance } = yield* Ref.get(state)
        if (instance !== undefined) {
          yield* dismiss(instance, Duration.min(Duration.decode(atMost), Duration.millis(drainOf(plan))))
        }
        yield* Effect.uninterruptible(Effect.zipRight(end, Scope.close(own, Exit.void)))
      })
  }
  return slot
})

const labelsOf = ({ app, release, revision }: Plan, instance: Instance | undefined) => ({
  app,
  release: release.id,
  revision: revision ?? 0,
  ...omitUndefined({ instance: instance?.id, pid: instance?.pid })
})
