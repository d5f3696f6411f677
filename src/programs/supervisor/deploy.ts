import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { partsOf } from "../../domain/app/app-name.ts"
import * as AppState from "../../domain/app/app-state.ts"
import type { Release } from "../../domain/app/release.ts"
import type { ListenFailed } from "../../domain/errors/listen.ts"
import {
  FixedPort,
  NotDeployed,
  ReleaseUnknown,
  RolloutFailed,
  sayObstacle
} from "../../domain/errors/rollout.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { RolloutReply } from "../../domain/protocol/replies.ts"
import type { Deploy, RequestOf, Rollback } from "../../domain/protocol/requests.ts"
import { AppHome } from "../../services/app-home/app-home.ts"
import { InstanceLog } from "../../services/instance-log/instance-log.ts"
import { ProcessSpawner } from "../../services/process-spawner/process-spawner.ts"
import { audited } from "./audit.ts"
import { newInstanceId, sayExit, toItsEnd } from "./instance.ts"
import { instanceEnvironment, type Plan } from "./plan.ts"
import { roll, rolling } from "./rollout.ts"
import {
  type App,
  commit,
  ensured,
  instantNow,
  known,
  planOf,
  type Supervisor,
  secretsOf,
  stateOf
} from "./supervisor.ts"

/** Makes a release of a directory, and rolls it out; the app runs afterwards. */
export const deploy = Effect.fn("deploy")(function* (supervisor: Supervisor, request: Deploy) {
  const app = yield* ensured(supervisor, request.app)
  return yield* app.lock.withPermits(1)(
    Effect.gen(function* () {
      const { command: _, app: name, instances: wanted, ...specification } = request
      const { port } = specification
      if (typeof port === "number") return yield* new FixedPort({ app: name, port })
      const state = yield* stateOf(app)
      const { current } = state
      const instances = wanted ?? state.instances
      const at = yield* instantNow
      const release: Release = { ...specification, id: AppState.nextRelease(state), revision: current, at }
      const next = AppState.withRelease({ ...state, desired: "running", instances }, release)
      const facts = {
        action: "deploy",
        release: release.id,
        instances,
        ...omitUndefined({ by: request.by })
      } as const
      return yield* audited(app, facts, rollTo(supervisor, app, next, runRelease))
    })
  )
})

/** Goes back to a release that is kept, with the secrets that it was deployed with. */
export const rollback = Effect.fn("rollback")(function* (supervisor: Supervisor, request: Rollback) {
  const app = yield* known(supervisor, request.app)
  return yield* app.lock.withPermits(1)(
    Effect.gen(function* () {
      const state = yield* stateOf(app)
      const release = yield* wantedRelease(state, request.release)
      const next: AppState.AppState = { ...AppState.rolledBack(state, release), desired: "running" }
      const { instances, current } = next
      const facts = {
        action: "rollback",
        release: release.id,
        instances,
        ...omitUndefined({ by: request.by })
      } as const
      const change = rollTo(supervisor, app, next)
      return yield* audited(app, current === null ? facts : { ...facts, revision: current }, change)
    })
  )
})

/** Other instances of what runs, which have to prove themselves. Starts an app that was stopped. */
export const restart = Effect.fn("restart")(function* (
  supervisor: Supervisor,
  request: RequestOf<"restart">
) {
  const app = yield* known(supervisor, request.app)
  return yield* app.lock.withPermits(1)(
    Effect.gen(function* () {
      const next: AppState.AppState = { ...(yield* stateOf(app)), desired: "running" }
      const facts = {
        action: "restart",
        instances: next.instances,
        ...omitUndefined({ by: request.by })
      } as const
      return yield* audited(app, facts, rollTo(supervisor, app, next))
    })
  )
})

/** Every instance is replaced by one of the release and the revision that are current then; `first` may hinder it. */
const rollTo = <E = never, R = never>(
  supervisor: Supervisor,
  app: App,
  next: AppState.AppState,
  first: (plan: Plan, kept: string) => Effect.Effect<void, E, R> = () => Effect.void
) =>
  Effect.gen(function* () {
    const kept = keptOf(yield* stateOf(app))
    const release = AppState.currentRelease(next)
    if (release === undefined) return yield* new NotDeployed({ app: app.name })
    const secrets = yield* secretsOf(app, next.current)
    const plan = yield* planOf(supervisor, app, release, next.current, secrets)
    yield* passable(plan, kept)
    yield* rolling(app, first(plan, kept))
    const { instances } = next
    const rollout = { plan, instances, replaces: app.slots, commit: commit(app, next), kept }
    yield* Effect.mapError(roll(app, rollout), (error) =>
      error._tag === "ListenFailed" ? (takenBy(supervisor, app, kept, error) ?? error) : error
    )
    return replyOf(app)
  })

/** Where instances could not be at all, their own words for it lead astray: "Cannot find module". */
const passable = Effect.fnUntraced(function* ({ app, release: { directory }, home }: Plan, kept: string) {
  const { obstacle } = yield* AppHome
  const found = yield* obstacle(home, directory)
  if (found === undefined) return
  return yield* new RolloutFailed({ app, reason: sayObstacle(directory, found), output: undefined, kept })
})

/** Where it is another app of ours that has the address; undefined where it is not. */
const takenBy = ({ apps }: Supervisor, app: App, kept: string, { port, code }: ListenFailed) => {
  const other = [...apps.values()].find(
    ({ name, entrance }) => name !== app.name && entrance?.front.address.port === port
  )
  if (other?.entrance === undefined || code !== "EADDRINUSE") return undefined
  const { environment } = partsOf(app.name)
  const reason = `Its port ${port} is taken: ${other.name} has ${other.entrance.listen} on this server.\nChoose another one, in tako.toml: [envs.${environment}] listen`
  return new RolloutFailed({ app: app.name, reason, output: undefined, kept })
}

export const replyOf = ({ name, state }: App): RolloutReply => ({
  app: name,
  release: state?.release ?? null,
  revision: state?.current ?? null,
  instances: state?.instances ?? 0
})

export const keptOf = ({ release, desired }: AppState.AppState): string =>
  release === null
    ? "nothing runs yet"
    : desired === "stopped"
      ? "it stays stopped"
      : `release ${release} goes on`

const wantedRelease = ({ app, releases, release: current }: AppState.AppState, wanted: number | undefined) =>
  Effect.suspend(() => {
    const before = releases.filter(({ id }) => current !== null && id < current).at(-1)
    const release = wanted === undefined ? before : releases.find(({ id }) => id === wanted)
    return release === undefined
      ? new ReleaseUnknown({ app, release: wanted ?? null, kept: releases.map(({ id }) => id) })
      : Effect.succeed(release)
  })

/** The release's own command, once, before the first instance. */
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
  yield* Effect.addFinalizer(() => toItsEnd(running.stop(settings.grace)))
  const exit = yield* Effect.timeoutOption(running.exit, settings.releaseWithin)
  if (Option.isNone(exit)) return yield* failed("took too long")
  if (exit.value._tag !== "Exited" || exit.value.code !== 0) {
    return yield* failed(`ended with ${sayExit(exit.value)}`)
  }
}, Effect.scoped)
