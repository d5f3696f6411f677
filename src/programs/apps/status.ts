import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import { nearest } from "../../domain/did-you-mean.ts"
import { AppUnknown, ServerMisbehaved } from "../../domain/errors/server.ts"
import type { SecretName } from "../../domain/names.ts"
import type { AppStatus, ReplyOf, SecretsState, ServerInfo } from "../../domain/protocol/replies.ts"
import type { Target } from "../../domain/server/target.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import type { Server, ServerError } from "../client/client.ts"
import { projectOf } from "../sync/targets.ts"
import { type Outcome, onEach } from "./on-each.ts"

/** What there is to say of an app on one server. */
export interface AppReport {
  readonly status: AppStatus
  /** Those that are kept; only of apps that were asked for by name. */
  readonly releases: Option.Option<ReplyOf<"releases">["releases"]>
  /** What is known of its secrets. */
  readonly secrets: Option.Option<SecretsState>
}

export interface ServerReport {
  readonly version: string
  /** What else it tells of itself; an older one may not. */
  readonly info: Option.Option<ServerInfo>
  /** Every app that it has; the names are sorted. */
  readonly names: ReadonlyArray<AppName>
  readonly apps: ReadonlyArray<AppReport>
}

/** Asks the servers for these apps, or for all that they have. An app that none of them has is AppUnknown. */
export const status = Effect.fn("apps.status")(function* (
  targets: ReadonlyArray<Target>,
  wanted: ReadonlyArray<AppName>
) {
  const outcomes = yield* onEach(targets, (server) => ask(server, wanted))
  const unknown = wanted.find((app) => outcomes.every((one) => isWithout(one, app)))
  if (unknown === undefined) return outcomes
  return yield* notThere(unknown, targets, outcomes.flatMap(namesOn))
})

/** That no server has it; one of their apps may be meant. */
export const notThere = (
  app: AppName,
  targets: ReadonlyArray<Target>,
  others: ReadonlyArray<AppName>
): AppUnknown =>
  new AppUnknown({
    app,
    servers: targets.map(({ name }) => name),
    ...Option.match(nearest(app, others), {
      onNone: () => ({}),
      onSome: (suggestion) => ({ suggestion })
    })
  })

const isWithout = ({ outcome }: Outcome<ServerReport>, app: AppName): boolean =>
  Either.isRight(outcome) && !outcome.right.names.includes(app)

const namesOn = ({ outcome }: Outcome<ServerReport>): ReadonlyArray<AppName> =>
  Either.isRight(outcome) ? outcome.right.names : []

const ask = (server: Server, wanted: ReadonlyArray<AppName>): Effect.Effect<ServerReport, ServerError> =>
  Effect.gen(function* () {
    const info = yield* orNone(server.call({ command: "server_info" }))
    const names = (yield* server.call({ command: "list" })).apps.map(({ app }) => app)
    const chosen = wanted.length === 0 ? names : names.filter((app) => wanted.includes(app))
    const apps = yield* Effect.forEach(chosen, (app) => report(server, app, wanted.length > 0))
    return { version: server.hello.server_version, info, names, apps: apps.flatMap(Option.toArray) }
  })

/**
 * What one server has to say of one of its apps, over a connection that is there; whatever else is to be known of an app is
 * asked for here. None where the app has gone meanwhile.
 */
const report = (
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

/** None where the server does not do it. */
const orNone = <A>(asked: Effect.Effect<A, ServerError>) =>
  Effect.catchTag(Effect.asSome(asked), "ServerRefused", () => Effect.succeedNone)

/** How what a server has of an app differs from the project's file, as far as that shows without a key. */
export interface Drift {
  /** Sorted: what the file has and the server has not, and the other way round. */
  readonly missing: ReadonlyArray<SecretName>
  readonly surplus: ReadonlyArray<SecretName>
  /** The server knows the app by another key than the one that the environment has now. */
  readonly anotherKey: boolean
  /** When it was synced last, and by whom as that one said; null where it never was. */
  readonly since: string | null
  readonly by: string | null
}

/**
 * Compares with the file of this project; none for apps of other projects, where there is no such environment, and where
 * nothing differs. That a value was changed shows only in a sync.
 */
export const driftTeller = Effect.gen(function* () {
  const { read } = yield* SecretsFile
  const { keyIdOf } = yield* Cipher
  const project = yield* projectOf
  // How apps are can be told also where the file is damaged; other commands say what is wrong with it.
  const file = yield* Effect.option(read)
  return (app: AppName, state: SecretsState): Option.Option<Drift> => {
    const parts = partsOf(app)
    if (Option.isNone(file) || parts.project !== project) return Option.none()
    const environment = file.value.get(parts.environment)
    if (environment === undefined) return Option.none()
    const there = new Set(state.names)
    const drift: Drift = {
      missing: [...environment.secrets.keys()].filter((name) => !there.has(name)).sort(),
      surplus: [...there].filter((name) => !environment.secrets.has(name)).sort(),
      anotherKey: state.key_id !== null && state.key_id !== keyIdOf(environment.salt),
      since: state.updated_at,
      by: state.by
    }
    return drift.missing.length + drift.surplus.length > 0 || drift.anotherKey
      ? Option.some(drift)
      : Option.none()
  }
})
