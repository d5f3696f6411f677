import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import { nearestEnvironment } from "../../domain/did-you-mean.ts"
import type { ServerNotFound } from "../../domain/errors/servers.ts"
import { Usage } from "../../domain/errors/user.ts"
import type { Target } from "../../domain/server/target.ts"
import { localName } from "../../domain/server-registry/registered-server.ts"
import { Project } from "../../services/project/project.ts"
import { notFound } from "../../services/server-registry/find.ts"
import { ServerRegistry } from "../../services/server-registry/server-registry.ts"
import { localServer } from "../servers/lookup.ts"

/** What was typed: the server that was named, and the app that it is about. */
export interface Asked {
  readonly server: Option.Option<string>
  readonly app: Option.Option<AppName>
}

/**
 * The servers to look at: the one that was named, else those that tako.toml has for the app, else all of config.toml, else
 * the one on this machine.
 */
export const serversToAsk = Effect.fnUntraced(function* ({ server, app }: Asked) {
  const names = Option.isSome(server) ? [server.value] : yield* listed(app)
  if (names.length > 0) return yield* targetsOf(names)
  const all = yield* Effect.flatMap(ServerRegistry, ({ all }) => all)
  return all.length > 0 ? all : [yield* localServer]
})

/**
 * The servers on which an app is changed: as those to look at, but that where there are several, and tako.toml does not say
 * which are meant, none is.
 */
export const serversToChange = Effect.fnUntraced(function* (asked: Asked) {
  const targets: ReadonlyArray<Target> = yield* serversToAsk(asked)
  const isMeant = Option.isSome(asked.server) || (yield* listed(asked.app)).length > 0
  if (isMeant || targets.every(({ name }) => name === localName)) return targets
  const names = [...targets.map(({ name }) => name), localName].join(", ")
  const environment = Option.match(asked.app, {
    onNone: () => "production",
    onSome: (app) => partsOf(app).environment
  })
  const meant = yield* likelyMeant(asked.app)
  return yield* new Usage(
    meant === undefined
      ? {
          problem: "Which server?",
          hint: `Pass --server: ${names}\nOr say which, in tako.toml: [envs.${environment}] servers = ["${targets[0]?.name}"]`
        }
      : {
          problem: `tako.toml has no environment ${environment}. Did you mean ${meant}?`,
          hint: `If not, pass --server: ${names}`
        }
  )
})

/** The environment of tako.toml that was perhaps misspelt. */
const likelyMeant = Effect.fnUntraced(function* (app: Option.Option<AppName>) {
  const toml = Option.getOrUndefined(yield* (yield* Project).config)
  if (toml === undefined || Option.isNone(app)) return undefined
  const { project, environment } = partsOf(app.value)
  if (project !== toml.name || toml.envs.has(environment)) return undefined
  return Option.getOrUndefined(nearestEnvironment(environment, toml.envs.keys()))
})

/** What tako.toml says of the servers of an app, or of all its apps; nothing where the app is another project's. */
const listed = Effect.fnUntraced(function* (app: Option.Option<AppName>) {
  const toml = Option.getOrUndefined(yield* (yield* Project).config)
  if (toml === undefined) return []
  if (Option.isNone(app)) return [...new Set([...toml.envs.values()].flatMap(({ servers }) => servers))]
  const { project, environment } = partsOf(app.value)
  return project === toml.name ? [...new Set(toml.envs.get(environment)?.servers ?? [])] : []
})

const targetsOf = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const known = names.every((name) => name === localName) ? [] : yield* (yield* ServerRegistry).all
  return yield* Effect.forEach(names, (name): Effect.Effect<Target, ServerNotFound | Usage> => {
    if (name === localName) return localServer
    const entry = known.find((one) => one.name === name)
    return entry === undefined ? Effect.fail(notFound(name, known)) : Effect.succeed(entry)
  })
})
