import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { partsOf } from "../../domain/app/app-name.ts"
import { InstanceFailed, type InstanceProblem } from "../../domain/errors/rollout.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { ProcessExit } from "../../domain/process.ts"
import type { Command } from "../../domain/tako-toml/tako-toml.ts"
import { Health } from "../../services/health/health.ts"
import { InstanceLog } from "../../services/instance-log/instance-log.ts"
import { ProcessSpawner, type RunningProcess } from "../../services/process-spawner/process-spawner.ts"
import { type Checkup, checkup } from "./checkup.ts"
import { instanceEnvironment, type Plan } from "./plan.ts"

/** Time between checkups while an instance is starting or on probation. */
export const probationInterval: Duration.DurationInput = "100 millis"
/** Failed checkups in a row that do not yet make an instance unhealthy. */
const toleratedFailures = 2
/** Lines of output to report with a failure. */
const outputLines = 20

/** One process of an app. */
export interface Instance {
  readonly id: string
  readonly pid: number
  readonly startedAt: number
  /** The port it listens on; null until that is known, and for a worker. */
  readonly port: Effect.Effect<number | null>
  /** Waits until it may serve. */
  readonly untilHealthy: Effect.Effect<void, InstanceFailed>
  /** Checks it at this interval, and fails as soon as it is no longer healthy. */
  readonly whileHealthy: (interval: Duration.DurationInput) => Effect.Effect<never, InstanceFailed>
  /** Fails unless it is healthy right now and still owns its port. */
  readonly confirm: Effect.Effect<void, InstanceFailed>
  readonly exit: Effect.Effect<ProcessExit>
  /** Sends SIGTERM, and SIGKILL after the grace period. */
  readonly stop: Effect.Effect<void>
}

/** Starts an instance, which is killed when the scope closes. */
export const startInstance: (
  plan: Plan
) => Effect.Effect<Instance, InstanceFailed, Scope.Scope | ProcessSpawner | Health | InstanceLog> = Effect.fn(
  "startInstance"
)(function* (plan: Plan) {
  const { app, release, secrets, home, settings } = plan
  const spawner = yield* ProcessSpawner
  const health = yield* Health
  const log = yield* InstanceLog
  const id = yield* newInstanceId
  const output = yield* log.open({ app, id, secrets })
  const isReady = yield* Ref.make(false)
  const failed = (problem: InstanceProblem) =>
    Effect.flatMap(output.lastLines(outputLines), (lines) =>
      Effect.fail(new InstanceFailed({ instance: id, problem, output: lines }))
    )
  const assigned = release.port === "assign" ? yield* health.freePort : undefined
  const running = yield* spawner
    .spawn({
      command: commandOf(release.start, id),
      environment: instanceEnvironment(app, release, home, assigned ?? 0, settings.inherited),
      secrets,
      secretsOf: partsOf(app).environment,
      directory: release.directory,
      readiness: release.port === undefined,
      supervised: { onOutput: output.write, ...omitUndefined({ user: home.user }) }
    })
    .pipe(Effect.catchAll(({ message }) => failed({ _tag: "NotStarted", why: message })))
  const startedAt = yield* Clock.currentTimeMillis
  const currentPort = yield* Ref.make<number | null>(assigned ?? null)
  const check: Checkup = yield* checkup(running.token, home.listensAs)

  const ended = Effect.flatMap(Effect.zip(running.exit, Ref.get(isReady)), ([exit, ready]) =>
    failed({ _tag: "Ended", how: sayExit(exit), isReady: ready })
  )
  const port = assigned === undefined ? reportedPort(running) : Effect.succeed(assigned)
  /** Checks until it is healthy. */
  const waitUntilHealthy = (at: number): Effect.Effect<void, InstanceFailed> =>
    Effect.flatMap(check(at), (finding) => {
      if (finding === "foreign") return failed({ _tag: "ForeignPort", port: at })
      return finding === "healthy"
        ? Effect.void
        : Effect.zipRight(
            Effect.sleep(probationInterval),
            Effect.suspend(() => waitUntilHealthy(at))
          )
    })
  const ready = Effect.gen(function* () {
    if (release.port === "none") return
    const reported = yield* port
    if (reported === undefined) return yield* failed({ _tag: "NoPort" })
    yield* Ref.set(currentPort, reported)
    yield* waitUntilHealthy(reported)
  })
  const seconds = Duration.toSeconds(settings.startWithin)
  const late = Effect.flatMap(Ref.get(currentPort), (at) => failed({ _tag: "NotReady", seconds, port: at }))
  const checked = Effect.flatMap(Ref.get(currentPort), (at) =>
    at === null
      ? Effect.succeed("healthy" as const)
      : Effect.flatMap(check(at), (finding) =>
          finding === "foreign" ? failed({ _tag: "ForeignPort", port: at }) : Effect.succeed(finding)
        )
  )
  let isStopped = false
  const unhealthy = failed({ _tag: "Unhealthy" })

  return {
    id,
    pid: running.pid,
    startedAt,
    port: Ref.get(currentPort),
    untilHealthy: ready.pipe(
      Effect.timeoutOption(settings.startWithin),
      Effect.flatMap((done) => (done._tag === "None" ? late : Ref.set(isReady, true))),
      Effect.raceFirst(ended)
    ),
    whileHealthy: (interval) => {
      const loop = (failures: number): Effect.Effect<never, InstanceFailed> =>
        Effect.sleep(interval).pipe(
          Effect.zipRight(checked),
          Effect.flatMap((finding) => {
            if (finding === "healthy") return loop(0)
            if (finding === "unchecked") return loop(failures)
            return failures < toleratedFailures ? loop(failures + 1) : unhealthy
          })
        )
      return Effect.raceFirst(loop(0), ended)
    },
    confirm: Effect.flatMap(checked, (finding) => (finding === "healthy" ? Effect.void : unhealthy)),
    exit: running.exit,
    stop: Effect.suspend(() =>
      isStopped
        ? Effect.void
        : Effect.map(running.stop(settings.grace), (isGone) => {
            isStopped = isGone
          })
    )
  }
})

/** The port from fd 4, or undefined if it reports none. An instance that closed fd 4 by exiting fails with its exit. */
const reportedPort = (running: RunningProcess): Effect.Effect<number | undefined> =>
  Effect.flatMap(running.port, (report) =>
    report._tag === "Listening"
      ? Effect.succeed(report.port)
      : Effect.timeoutTo(running.exit, {
          duration: "200 millis",
          onSuccess: () => Effect.never,
          onTimeout: () => Effect.succeed(undefined)
        }).pipe(Effect.flatten)
  )

const commandOf = (start: Command, id: string): readonly [string, ...ReadonlyArray<string>] =>
  typeof start === "string"
    ? ["sh", "-c", `${start} --instance ${id}`]
    : [start[0], ...start.slice(1), "--instance", id]

export const sayExit = (exit: ProcessExit): string =>
  exit._tag === "Exited" ? `exit code ${exit.code}` : `killed by ${exit.signal}`

const letters = "abcdefghijklmnopqrstuvwxyz0123456789"

/** Creates an id of eight characters, which distinguishes instances and is no secret. */
export const newInstanceId: Effect.Effect<string> = Effect.map(
  Effect.replicateEffect(Random.nextIntBetween(0, letters.length), 8),
  (indices) => indices.map((index) => letters[index]).join("")
)

/**
 * Uninterruptible as a whole; a race inside may still interrupt its loser. (Within an uninterruptible region, a race waits for
 * its loser, which may never end.)
 */
export const runToCompletion = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptible(Effect.flatMap(Effect.fork(Effect.interruptible(effect)), Fiber.join))
