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
import { type Instance, probationInterval, runToCompletion, startInstance } from "./instance.ts"
import { drainOf, type Plan } from "./plan.ts"

/** Time between checkups of an instance that serves. */
const servingInterval = "1 second"
/** Delay before a failed instance is restarted; it doubles with every failure up to the maximum. */
const minDelay = Duration.millis(500)
const maxDelay = Duration.minutes(1)
/** After this long without a failure the delay starts over, because the next failure probably has another cause. */
const stableAfter = Duration.toMillis(Duration.minutes(1))

/** A place for one instance of an app. Whenever its instance fails, the slot starts another one. */
export interface Slot {
  readonly plan: Plan
  readonly status: Effect.Effect<InstanceStatus>
  /** Starts an instance, and waits until it may serve. */
  readonly prove: Effect.Effect<void, InstanceFailed>
  /** Fails as soon as the instance on probation is no longer healthy. */
  readonly probation: Effect.Effect<never, InstanceFailed>
  readonly confirm: Effect.Effect<void, InstanceFailed>
  /** Puts the instance behind the front, and replaces it whenever it fails. Starts one if none was proven. */
  readonly serve: (front: Front | undefined) => Effect.Effect<void>
  /** Stops the instance after its open requests, for which it gets the release's drain time or at most this. */
  readonly retire: (atMost?: Duration.DurationInput) => Effect.Effect<void>
}

interface State {
  readonly phase: InstanceStatus["phase"]
  readonly instance?: Instance
  /** Closing it kills the instance and all of its processes. */
  readonly scope?: Scope.CloseableScope
  readonly restarts: number
}

export type SlotServices = ProcessSpawner | Health | InstanceLog

/** Creates a slot without an instance. Retiring it, or closing the scope, leaves no process behind. */
export const makeSlot = Effect.fnUntraced(function* (plan: Plan, within: Scope.Scope) {
  const own = yield* Scope.fork(within, sequential)
  // Forked before the loop, so the loop ends first and does not restart an instance that was stopped on purpose.
  const instances = yield* Scope.fork(own, sequential)
  const context = yield* Effect.context<SlotServices>()
  const state = yield* Ref.make<State>({ phase: "starting", restarts: 0 })
  const createdAt = yield* Clock.currentTimeMillis
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
  /** Removes the instance from the front and stops it. */
  const stopInstance = Effect.gen(function* () {
    const { instance, scope } = yield* Ref.get(state)
    if (instance === undefined || scope === undefined) return
    yield* leave(instance)
    yield* runToCompletion(instance.stop)
    yield* Scope.close(scope, Exit.void)
    yield* Ref.update(state, ({ phase, restarts }) => ({ phase, restarts }))
  })
  const backendOf = ({ id, port }: Instance) =>
    Effect.map(port, (number) => (number === null ? undefined : { id, port: number }))
  const join = (instance: Instance) =>
    Effect.flatMap(backendOf(instance), (backend) =>
      backend === undefined || front === undefined ? Effect.void : front.add(backend)
    )
  /** The front stops sending to an instance that refused a connection; this resumes it once it is healthy again. */
  const resuming = (instance: Instance) =>
    Effect.flatMap(backendOf(instance), (backend) =>
      backend === undefined || front === undefined
        ? Effect.never
        : resumeRefused(front, backend, Effect.isSuccess(instance.confirm))
    )
  const leave = (instance: Instance) =>
    Effect.flatMap(backendOf(instance), (backend) =>
      backend === undefined || front === undefined ? Effect.void : front.remove(backend)
    )
  const drain = (instance: Instance, limit: Duration.DurationInput) =>
    Effect.flatMap(backendOf(instance), (backend) =>
      backend === undefined || front === undefined ? Effect.void : Effect.asVoid(front.drain(backend, limit))
    )
  /** Drains, then stops. Connections still open at the limit (WebSockets, streams) are the instance's to close at SIGTERM. */
  const drainAndStop = (instance: Instance, limit: Duration.DurationInput) =>
    Effect.gen(function* () {
      if (front === undefined) return
      yield* runToCompletion(Effect.raceFirst(drain(instance, limit), Effect.asVoid(instance.exit)))
      yield* runToCompletion(instance.stop)
    })
  /**
   * Drains an instance that fails its checks. Returns true if it passes one before it is drained and the pause is over; such an
   * instance can serve again at once.
   */
  const recovers = (instance: Instance, pause: Duration.Duration) => {
    const passes = Effect.isSuccess(instance.confirm).pipe(
      Effect.delay(probationInterval),
      Effect.repeat({ until: (isHealthy) => isHealthy })
    )
    const successorIsDue = Effect.zip(drain(instance, drainOf(plan)), Effect.sleep(pause), {
      concurrent: true
    })
    return Effect.raceAll([
      Effect.as(passes, true),
      Effect.as(successorIsDue, false),
      Effect.as(instance.exit, false)
    ])
  }

  const serveOnce = Effect.gen(function* () {
    const running = (yield* Ref.get(state)).instance
    const instance = running ?? (yield* start)
    if (running === undefined) {
      yield* instance.untilHealthy
      yield* Effect.uninterruptible(Effect.zipRight(join(instance), set({ phase: "healthy" })))
    }
    yield* Effect.annotateLogs(Effect.logInfo("instance serving"), labelsOf(plan, instance))
    return yield* Effect.raceFirst(instance.whileHealthy(servingInterval), resuming(instance))
  })

  const serveAlways = (nextDelay: Duration.Duration): Effect.Effect<never> =>
    Effect.gen(function* () {
      const since = yield* Clock.currentTimeMillis
      const failure = yield* Effect.flip(serveOnce)
      const { instance } = yield* Ref.get(state)
      const { _tag: problem } = failure.problem
      yield* Effect.annotateLogs(Effect.logWarning("instance failed"), {
        ...labelsOf(plan, instance),
        problem
      })
      const failedAt = yield* Clock.currentTimeMillis
      const delay = failedAt - since > stableAfter ? minDelay : nextDelay
      const nextAfter = Duration.min(maxDelay, Duration.times(delay, 2))
      // It still runs, so it may be able to finish its open requests, and may even recover.
      if ((problem === "Unhealthy" || problem === "ForeignPort") && instance !== undefined) {
        yield* set({ phase: "unhealthy" })
        if (yield* recovers(instance, delay)) {
          yield* Effect.uninterruptible(Effect.zipRight(join(instance), set({ phase: "healthy" })))
          return yield* serveAlways(nextAfter)
        }
        yield* runToCompletion(instance.stop)
      }
      yield* Effect.uninterruptible(stopInstance)
      yield* Ref.update(state, ({ restarts }) => ({ phase: "backoff" as const, restarts: restarts + 1 }))
      yield* Effect.sleep(
        Duration.millis(Math.max(0, Duration.toMillis(delay) - ((yield* Clock.currentTimeMillis) - failedAt)))
      )
      return yield* serveAlways(nextAfter)
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
        started_at: new Date(instance?.startedAt ?? createdAt).toISOString(),
        restarts
      }
    }),
    prove: Effect.flatMap(start, (instance) => instance.untilHealthy),
    probation: withInstance((instance) => instance.whileHealthy(probationInterval)),
    confirm: withInstance((instance) => instance.confirm),
    serve: (behind) =>
      Effect.gen(function* () {
        front = behind
        // New instances join the front before old ones are retired.
        const { instance } = yield* Ref.get(state)
        if (instance !== undefined) yield* Effect.zipRight(join(instance), set({ phase: "healthy" }))
        loop = yield* Effect.forkIn(Effect.interruptible(serveAlways(minDelay)), own)
      }).pipe(Effect.uninterruptible),
    retire: (atMost = Duration.infinity) =>
      Effect.gen(function* () {
        yield* set({ phase: "draining" })
        if (loop !== undefined) yield* Fiber.interrupt(loop)
        const { instance } = yield* Ref.get(state)
        if (instance !== undefined) {
          yield* drainAndStop(instance, Duration.min(Duration.decode(atMost), Duration.millis(drainOf(plan))))
        }
        yield* Effect.uninterruptible(Effect.zipRight(stopInstance, Scope.close(own, Exit.void)))
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
