import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { partsOf } from "../../domain/app/app-name.ts"
import * as AppState from "../../domain/app/app-state.ts"
import type { Release } from "../../domain/app/release.ts"
import type { ListenFailed } from "../../domain/errors/listen.ts"
import {
  describeObstacle,
  FixedPort,
  NotDeployed,
  ReleaseUnknown,
  RolloutFailed
} from "../../domain/errors/rollout.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { RolloutReply } from "../../domain/protocol/replies.ts"
import type { Deploy, RequestOf, Rollback } from "../../domain/protocol/requests.ts"
import { AppHome } from "../../services/app-home/app-home.ts"
import { InstanceLog } from "../../services/instance-log/instance-log.ts"
import { ProcessSpawner } from "../../services/process-spawner/process-spawner.ts"
import { audited } from "./audit.ts"
import { newInstanceId, runToCompletion, sayExit } from "./instance.ts"
import { instanceEnvironment, type Plan } from "./plan.ts"
import { rollOut, sweepIfIdle, whileRolling } from "./rollout.ts"
import {
  type App,
  commit,
  findOrCreate,
  findStored,
  loadSecrets,
  loadState,
  makePlan,
  type Supervisor,
  timestamp
} from "./supervisor.ts"

/** Creates a release from a directory and rolls it out. Starts an app that was stopped. */
export const deploy = Effect.fn("deploy")(function* (supervisor: Supervisor, request: Deploy) {
  const app = yield* findOrCreate(supervisor, request.app)
  return yield* app.lock.withPermits(1)(
    Effect.gen(function* () {
      const { command: _, app: name, instances: wanted, ...specification } = request
      const { port } = specification
      if (typeof port === "number") return yield* new FixedPort({ app: name, port })
      const state = yield* loadState(app)
      const { current } = state
      const instances = wanted ?? state.instances
      const at = yield* timestamp
      const release: Release = { ...specification, id: AppState.nextRelease(state), revision: current, at }
      const next = AppState.withRelease({ ...state, desired: "running", instances }, release)
      const facts = {
        action: "deploy",
        release: release.id,
        instances,
        ...omitUndefined({ by: request.by })
      } as const
      return yield* audited(app, facts, rollOutTo(supervisor, app, next, runRelease))
    })
  )
})

/** Rolls back to an earlier release, with the secrets it was deployed with. */
export const rollback = Effect.fn("rollback")(function* (supervisor: Supervisor, request: Rollback) {
  const app = yield* findStored(supervisor, request.app)
  return yield* app.lock.withPermits(1)(
    Effect.gen(function* () {
      const state = yield* loadState(app)
      const release = yield* releaseToRestore(state, request.release)
      const next: AppState.AppState = { ...AppState.rolledBack(state, release), desired: "running" }
      const { instances, current } = next
      const facts = {
        action: "rollback",
        release: release.id,
        instances,
        ...omitUndefined({ by: request.by })
      } as const
      const change = rollOutTo(supervisor, app, next)
      return yield* audited(app, current === null ? facts : { ...facts, revision: current }, change)
    })
  )
})

/** Replaces all instances by new ones of the same release, without downtime. Starts an app that was stopped. */
export const restart = Effect.fn("restart")(function* (
  supervisor: Supervisor,
  request: RequestOf<"restart">
) {
  const app = yield* findStored(supervisor, request.app)
  return yield* app.lock.withPermits(1)(
    Effect.gen(function* () {
      const next: AppState.AppState = { ...(yield* loadState(app)), desired: "running" }
      const facts = {
        action: "restart",
        instances: next.instances,
        ...omitUndefined({ by: request.by })
      } as const
      return yield* audited(app, facts, rollOutTo(supervisor, app, next))
    })
  )
})

/** Replaces every instance by one of `next`'s release and revision. `beforeStart` runs first and may fail the rollout. */
const rollOutTo = <E = never, R = never>(
  supervisor: Supervisor,
  app: App,
  next: AppState.AppState,
  beforeStart: (plan: Plan, kept: string) => Effect.Effect<void, E, R> = () => Effect.void
) =>
  Effect.gen(function* () {
    const kept = describeKept(yield* loadState(app))
    const release = AppState.currentRelease(next)
    if (release === undefined) return yield* new NotDeployed({ app: app.name })
    const secrets = yield* loadSecrets(app, next.current)
    const plan = yield* makePlan(supervisor, app, release, next.current, secrets)
    yield* checkDirectory(plan, kept)
    yield* Effect.onError(whileRolling(app, beforeStart(plan, kept)), () => sweepIfIdle(app))
    const { instances } = next
    const rollout = { plan, instances, replaces: app.slots, commit: commit(app, next), kept }
    yield* Effect.mapError(rollOut(app, rollout), (error) =>
      error._tag === "ListenFailed" ? (explainTakenPort(supervisor, app, kept, error) ?? error) : error
    )
    return rolloutReply(app)
  })

/** Fails if instances could not enter the directory. Their own message for that is misleading ("Cannot find module"). */
const checkDirectory = Effect.fnUntraced(function* (
  { app, release: { directory }, home }: Plan,
  kept: string
) {
  const { obstacle } = yield* AppHome
  const found = yield* obstacle(home, directory)
  if (found === undefined) return
  return yield* new RolloutFailed({
    app,
    reason: describeObstacle(directory, found),
    output: undefined,
    kept
  })
})

/** The error to report if another app of this server has the address. */
const explainTakenPort = ({ apps }: Supervisor, app: App, kept: string, { port, code }: ListenFailed) => {
  const holder = [...apps.values()].find(
    ({ name, front }) => name !== app.name && front?.front.address.port === port
  )
  if (holder?.front === undefined || code !== "EADDRINUSE") return undefined
  const { environment } = partsOf(app.name)
  const holds = holder.state?.desired === "stopped" ? "is stopped and keeps" : "listens on"
  const reason = `Port ${port} is taken: ${holder.name} ${holds} ${holder.front.listen} on this server.\nChoose another port in tako.toml: [envs.${environment}] listen`
  return new RolloutFailed({ app: app.name, reason, output: undefined, kept })
}

export const rolloutReply = ({ name, state }: App): RolloutReply => ({
  app: name,
  release: state?.release ?? null,
  revision: state?.current ?? null,
  instances: state?.instances ?? 0
})

export const describeKept = ({ release, desired }: AppState.AppState): string =>
  release === null
    ? "nothing runs yet"
    : desired === "stopped"
      ? "it stays stopped"
      : `release ${release} keeps running`

const releaseToRestore = (
  { app, releases, release: current }: AppState.AppState,
  wanted: number | undefined
) =>
  Effect.suspend(() => {
    const before = releases.filter(({ id }) => current !== null && id < current).at(-1)
    const release = wanted === undefined ? before : releases.find(({ id }) => id === wanted)
    return release === undefined
      ? new ReleaseUnknown({ app, release: wanted ?? null, kept: releases.map(({ id }) => id) })
      : Effect.succeed(release)
  })

/** Runs the release command once, before any instance starts. */
const runRelease = Effect.fnUntraced(function* (plan: Plan, kept: string) {
  const { app, release, secrets, home, settings } = plan
  if (release.release === undefined) return
  const { spawn } = yield* ProcessSpawner
  const log = yield* InstanceLog
  const id = yield* newInstanceId
  const output = yield* log.open({ app, id, secrets })
  const failed = (what: string) =>
    Effect.flatMap(
      output.lastLines(20),
      (lines) => new RolloutFailed({ app, reason: `The release command ${what}.`, output: lines, kept })
    )
  const running = yield* spawn({
    command: typeof release.release === "string" ? ["sh", "-c", release.release] : release.release,
    environment: instanceEnvironment(app, release, home, 0, settings.inherited),
    secrets,
    secretsOf: partsOf(app).environment,
    directory: release.directory,
    supervised: { onOutput: output.write, ...omitUndefined({ user: home.user }) }
  }).pipe(Effect.catchAll(({ message }) => failed(`could not be started: ${message}`)))
  yield* Effect.addFinalizer(() => runToCompletion(running.stop(settings.grace)))
  const exit = yield* Effect.timeoutOption(running.exit, settings.releaseWithin)
  if (Option.isNone(exit)) return yield* failed("took too long")
  if (exit.value._tag !== "Exited" || exit.value.code !== 0) {
    return yield* failed(`ended with ${sayExit(exit.value)}`)
  }
}, Effect.scoped)
