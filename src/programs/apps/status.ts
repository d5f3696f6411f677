import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import { ServerMisbehaved } from "../../domain/errors/server.ts"
import type { SecretName } from "../../domain/names.ts"
import type { AppStatus, ReplyOf, SecretsState, ServerInfo } from "../../domain/protocol/replies.ts"
import type { Target } from "../../domain/target.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { type Outcome, onEach, type Server, type ServerError } from "../client/client.ts"
import { appUnknown, projectName } from "./app.ts"

/** The state of an app on one server. */
export interface AppReport {
  readonly status: AppStatus
  /** The releases that the server keeps; only for apps that were named. */
  readonly releases: Option.Option<ReplyOf<"releases">["releases"]>
  readonly secrets: Option.Option<SecretsState>
}

export interface ServerReport {
  readonly version: string
  /** What else the server reports about itself; an older one does not. */
  readonly info: Option.Option<ServerInfo>
  /** Every app that it has, sorted. */
  readonly names: ReadonlyArray<AppName>
  readonly apps: ReadonlyArray<AppReport>
}

/** Asks the servers for these apps, or for all that they have. AppUnknown when none of them has one of these. */
export const status = Effect.fn("apps.status")(function* (
  targets: ReadonlyArray<Target>,
  apps: ReadonlyArray<AppName>
) {
  const outcomes = yield* onEach(targets, (server) => reportServer(server, apps))
  const unknown = apps.find((app) => outcomes.every((outcome) => lacks(outcome, app)))
  if (unknown === undefined) return outcomes
  return yield* appUnknown(unknown, targets, outcomes.flatMap(namesOn))
})

const lacks = ({ outcome }: Outcome<ServerReport>, app: AppName): boolean =>
  Either.isRight(outcome) && !outcome.right.names.includes(app)

const namesOn = ({ outcome }: Outcome<ServerReport>): ReadonlyArray<AppName> =>
  Either.isRight(outcome) ? outcome.right.names : []

const reportServer = (
  server: Server,
  named: ReadonlyArray<AppName>
): Effect.Effect<ServerReport, ServerError> =>
  Effect.gen(function* () {
    const info = yield* orNone(server.call({ command: "server_info" }))
    const names = (yield* server.call({ command: "list" })).apps.map(({ app }) => app)
    const chosen = named.length === 0 ? names : names.filter((app) => named.includes(app))
    const apps = yield* Effect.forEach(chosen, (app) => reportApp(server, app, named.length > 0))
    return { version: server.hello.server_version, info, names, apps: apps.flatMap(Option.toArray) }
  })

/** None when the app was removed after it was listed. */
const reportApp = (
  server: Server,
  app: AppName,
  isNamed: boolean
): Effect.Effect<Option.Option<AppReport>, ServerError> =>
  Effect.gen(function* () {
    const status = yield* server.call({ command: "status", app })
    if (status.app !== app) {
      return yield* new ServerMisbehaved({ server: server.target.name, reason: "not-an-answer" })
    }
    const kept = isNamed ? yield* orNone(server.call({ command: "releases", app })) : Option.none()
    const secrets = yield* orNone(server.call({ command: "secrets_state", app }))
    return {
      status,
      releases: Option.map(kept, ({ releases }) => releases),
      secrets: Option.filter(secrets, (secrets) => secrets.app === app)
    }
  }).pipe(orNone)

/** None when the server refuses. */
const orNone = <A>(reply: Effect.Effect<A, ServerError>) =>
  Effect.catchTag(Effect.asSome(reply), "ServerRefused", () => Effect.succeedNone)

/** How a server's secrets for an app differ from the project's file, as far as that can be seen without a key. */
export interface Drift {
  /** In the file and not on the server; sorted. */
  readonly missing: ReadonlyArray<SecretName>
  /** On the server and not in the file; sorted. */
  readonly surplus: ReadonlyArray<SecretName>
  /** The server knows the app by another key than the environment has now. */
  readonly anotherKey: boolean
  /** When it was last synced, and by whom according to that client; null if it never was. */
  readonly since: string | null
  readonly by: string | null
}

/**
 * Compares servers with this project's file. None when nothing differs, for another project's app, and for an environment that
 * the file does not have. A changed value does not show: only a sync compares values.
 */
export const driftFinder = Effect.gen(function* () {
  const { read } = yield* SecretsFile
  const { keyIdOf } = yield* Cipher
  const project = yield* projectName
  // A damaged file must not hide the state of apps; other commands report what is wrong with it.
  const file = yield* Effect.option(read)
  return (app: AppName, state: SecretsState): Option.Option<Drift> => {
    const parts = partsOf(app)
    if (Option.isNone(file) || parts.project !== project) return Option.none()
    const environment = file.value.get(parts.environment)
    if (environment === undefined) return Option.none()
    const onServer = new Set(state.names)
    const drift: Drift = {
      missing: [...environment.secrets.keys()].filter((name) => !onServer.has(name)).sort(),
      surplus: [...onServer].filter((name) => !environment.secrets.has(name)).sort(),
      anotherKey: state.key_id !== null && state.key_id !== keyIdOf(environment.salt),
      since: state.updated_at,
      by: state.by
    }
    return drift.missing.length + drift.surplus.length > 0 || drift.anotherKey
      ? Option.some(drift)
      : Option.none()
  }
})
