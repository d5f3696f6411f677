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

/** How often to ask an instance that is starting, or on probation. */
export const startingPace: Duration.DurationInput = "100 millis"
/** So many answers in a row that are none make an instance unhealthy. */
const failuresAllowed = 2
/** So many lines tell why it failed. */
const linesTold = 20

/** One process of an app. */
export interface Instance {
  readonly id: string
  readonly pid: number
  readonly startedAt: number
  /** Where it listens, as soon as that is known; null before, and of a worker. */
  readonly port: Effect.Effect<number | null>
  /** Waits until it is one that may serve. */
  readonly untilHealthy: Effect.Effect<void, InstanceFailed>
  /** Asks it at this pace how it is; ends when it is not well any more. */
  readonly whileHealthy: (pace: Duration.DurationInput) => Effect.Effect<never, InstanceFailed>
  /** Whether it is well now, and its port its own still. */
  readonly confirm: Effect.Effect<void, InstanceFailed>
  readonly exit: Effect.Effect<ProcessExit>
  /** SIGTERM, and SIGKILL after the grace. */
  readonly stop: Effect.Effect<void>
}

/** Starts one; it has been killed when the scope is closed. */
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
    Effect.flatMap(output.lastLines(linesTold), (lines) =>
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
  const known = yield* Ref.make<number | null>(assigned ?? null)
  const examine: Checkup = yield* checkup(running.token, home.listensAs)

  const ended = Effect.flatMap(Effect.zip(running.exit, Ref.get(isReady)), ([exit, ready]) =>
    failed({ _tag: "Ended", how: sayExit(exit), isReady: ready })
  )
  const port = assigned === undefined ? reported(running) : Effect.succeed(assigned)
  /** Asks until it is well. */
  const answering = (at: number): Effect.Effect<void, InstanceFailed> =>
    Effect.flatMap(examine(at), (finding) => {
      if (finding === "foreign") return failed({ _tag: "ForeignPort", port: at })
      return finding === "well"
        ? Effect.void
        : Effect.zipRight(
            Effect.sleep(startingPace),
            Effect.suspend(() => answering(at))
          )
    })
  const ready = Effect.gen(function* () {
    if (release.port === "none") return
    const told = yield* port
    if (told === undefined) return yield* failed({ _tag: "NoPort" })
    yield* Ref.set(known, told)
    yield* answering(told)
  })
  const seconds = Duration.toSeconds(settings.startWithin)
  const late = Effect.flatMap(Ref.get(known), (at) => failed({ _tag: "NotReady", seconds, port: at }))
  const examined = Effect.flatMap(Ref.get(known), (at) =>
    at === null
      ? Effect.succeed("well" as const)
      : Effect.flatMap(examine(at), (finding) =>
          finding === "foreign" ? failed({ _tag: "ForeignPort", port: at }) : Effect.succeed(finding)
        )
  )
  let isStopped = false
  const unhealthy = failed({ _tag: "Unhealthy" })

  return {
    id,
    pid: running.pid,
    startedAt,
    port: Ref.get(known),
    untilHealthy: ready.pipe(
      Effect.timeoutOption(settings.startWithin),
      Effect.flatMap((done) => (done._tag === "None" ? late : Ref.set(isReady, true))),
      Effect.raceFirst(ended)
    ),
    whileHealthy: (pace) => {
      const loop = (bad: number): Effect.Effect<never, InstanceFailed> =>
        Effect.sleep(pace).pipe(
          Effect.zipRight(examined),
          Effect.flatMap((finding) => {
            if (finding === "well") return loop(0)
            if (finding === "unasked") return loop(bad)
            return bad < failuresAllowed ? loop(bad + 1) : unhealthy
          })
        )
      return Effect.raceFirst(loop(0), ended)
    },
    confirm: Effect.flatMap(examined, (finding) => (finding === "well" ? Effect.void : unhealthy)),
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

/** Undefined for one that does not tell. One that has ended is told of by its end. */
const reported = (running: RunningProcess): Effect.Effect<number | undefined> =>
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

/** Eight characters that tell one instance from another; nothing is kept secret by them. */
export const newInstanceId: Effect.Effect<string> = Effect.map(
  Effect.replicateEffect(Random.nextIntBetween(0, letters.length), 8),
  (indices) => indices.map((index) => letters[index]).join("")
)

/**
 * Runs it whole where we must not be interrupted; what loses a race within it can be, as usual. (A race in a region that is
 * not interruptible waits for its loser, which may never end.)
 */
export const toItsEnd = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptible(Effect.flatMap(Effect.fork(Effect.interruptible(effect)), Fiber.join))
