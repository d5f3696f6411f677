import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { sequential } from "effect/ExecutionStrategy"
import * as Scope from "effect/Scope"
import type { AppName } from "../../domain/app/app-name.ts"
import type { Replies } from "../../domain/protocol/replies.ts"
import * as Response from "../../domain/protocol/replies.ts"
import type { Command } from "../../domain/protocol/requests.ts"
import { commands, protocolVersion, type Request, type RequestOf } from "../../domain/protocol/requests.ts"
import { Management } from "../../services/management/management.ts"
import { ServerKey } from "../../services/server-key/server-key.ts"
import { deploy, restart, rollback } from "./deploy.ts"
import { remove, scale, stop } from "./lifecycle.ts"
import type { Settings } from "./plan.ts"
import { events, list, logs, releases, secretsHash, secretsState, status } from "./queries.ts"
import { recover, sweepAll } from "./recover.ts"
import { retire, suspendFront } from "./rollout.ts"
import { type App, type ServerServices, type Supervisor, timestamp } from "./supervisor.ts"
import { updateSecrets } from "./update-secrets.ts"

/** Facts about this process. */
export interface Host {
  readonly version: string
  readonly pid: number
  /** In bytes. */
  readonly memory: Effect.Effect<number>
}

/** How long open requests may take when the server itself stops. */
const shutdownDrain = Duration.seconds(10)

/** Runs every app and serves the management socket until the scope closes, then drains and stops all of them. */
export const serve = Effect.fn("serve")(function* (settings: Settings, host: Host) {
  const apps = new Map<AppName, App>()
  // Finalizers run in reverse: instances drain, every process ends, leftovers are killed, and only then fronts close.
  const fronts = yield* Scope.fork(yield* Effect.scope, sequential)
  yield* Effect.addFinalizer(() => sweepAll)
  const scope = yield* Scope.fork(yield* Effect.scope, sequential)
  const supervisor: Supervisor = { settings, apps, scope, fronts }
  const startedAt = yield* timestamp
  yield* Effect.addFinalizer(() =>
    Effect.forEach(
      apps.values(),
      (app) => Effect.zipRight(suspendFront(app), retire(app, app.slots, shutdownDrain)),
      { concurrency: "unbounded", discard: true }
    )
  )
  yield* recover(supervisor)
  const management = yield* Management
  const context = yield* Effect.context<ServerServices | ServerKey>()
  const handlers = handlersOf(supervisor, host, startedAt)
  yield* management.serve((request) => Effect.provide(dispatch(handlers)(request), context))
  yield* Effect.annotateLogs(Effect.logInfo("tako-server listening"), {
    version: host.version,
    pid: host.pid,
    apps: apps.size
  })
})

const handlersOf = (
  supervisor: Supervisor,
  host: Host,
  startedAt: string
): Handlers<Error, ServerServices | ServerKey> => ({
  hello: () =>
    Effect.succeed({
      protocol_version: protocolVersion,
      server_version: host.version,
      capabilities: commands
    }),
  update_secrets: (request) => updateSecrets(supervisor, request),
  deploy: (request) => deploy(supervisor, request),
  rollback: (request) => rollback(supervisor, request),
  restart: (request) => restart(supervisor, request),
  scale: (request) => scale(supervisor, request),
  stop: (request) => stop(supervisor, request),
  delete: (request) => remove(supervisor, request),
  status: (request) => status(supervisor, request),
  list: () => list(supervisor),
  secrets_state: (request) => secretsState(supervisor, request),
  get_secrets_hash: (request) => secretsHash(supervisor, request),
  releases: (request) => releases(supervisor, request),
  events: (request) => events(supervisor, request),
  logs: (request) => logs(supervisor, request),
  server_info: () =>
    Effect.gen(function* () {
      const { origin } = yield* ServerKey
      return {
        server_version: host.version,
        pid: host.pid,
        started_at: startedAt,
        apps: [...supervisor.apps.values()].filter(({ isStored }) => isStored).length,
        secrets: origin,
        memory: yield* host.memory
      }
    })
})

export type ServeServices = ServerServices | ServerKey | Management | Scope.Scope

/** A handler for each command. The client's user reads the message of its error. */
export type Handlers<E extends Error, R> = {
  readonly [C in Command]: (request: RequestOf<C>) => Effect.Effect<Replies[C], E, R>
}

/** Runs the handler of a request. Defects are logged by kind only, because their message may quote a value. */
export const dispatch =
  <E extends Error, R>(handlers: Handlers<E, R>) =>
  (request: Request): Effect.Effect<Response.Response, never, R> => {
    const handle = handlers[request.command] as (request: Request) => Effect.Effect<Replies[Command], E, R>
    return Effect.suspend(() => handle(request)).pipe(
      Effect.map(Response.ok),
      Effect.catchAll((error) => Effect.succeed(Response.error(error.message))),
      Effect.tapDefect((cause) =>
        Effect.logError("command hit a bug").pipe(
          Effect.annotateLogs({ command: request.command, kind: kindOf(Cause.squash(cause)) })
        )
      )
    )
  }

const kindOf = (defect: unknown): string =>
  defect instanceof Error ? defect.constructor.name : typeof defect
