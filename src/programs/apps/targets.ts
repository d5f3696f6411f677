import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import { nearestEnvironment } from "../../domain/did-you-mean.ts"
import { Usage } from "../../domain/errors/user.ts"
import { localName, sshTarget } from "../../domain/server-registry/registered-server.ts"
import { Project } from "../../services/project/project.ts"
import { ServerRegistry } from "../../services/server-registry/server-registry.ts"
import { localServer, targetsNamed } from "../servers/lookup.ts"

/** The server that the command line names, and the app that the command is about. */
export interface Selection {
  readonly server: Option.Option<string>
  readonly app: Option.Option<AppName>
}

/**
 * The servers to query: the one that was named, else those that tako.toml lists for the app, else all in the registry, else
 * the one on this machine.
 */
export const serversToQuery = Effect.fnUntraced(function* ({ server, app }: Selection) {
  const names = Option.isSome(server) ? [server.value] : yield* listedServers(app)
  if (names.length > 0) return yield* targetsNamed(names)
  const registered = yield* (yield* ServerRegistry).all
  return registered.length > 0 ? registered.map(sshTarget) : [yield* localServer]
})

/**
 * The servers on which an app is changed: the same ones, except that a registry's servers have to be named, because changing
 * the app on all of them is hardly ever meant.
 */
export const serversToChange = Effect.fnUntraced(function* (selection: Selection) {
  const targets = yield* serversToQuery(selection)
  const areNamed = Option.isSome(selection.server) || (yield* listedServers(selection.app)).length > 0
  if (areNamed || targets.every(({ _tag }) => _tag === "Local")) return targets
  const names = [...targets.map(({ name }) => name), localName].join(", ")
  const environment = Option.match(selection.app, {
    onNone: () => "production",
    onSome: (app) => partsOf(app).environment
  })
  const suggestion = yield* misspeltEnvironment(selection.app)
  return yield* new Usage(
    suggestion === undefined
      ? {
          problem: "Which server?",
          hint: `Pass --server: ${names}\nOr list it in tako.toml: [envs.${environment}] servers = ["${targets[0]?.name}"]`
        }
      : {
          problem: `tako.toml has no environment ${environment}. Did you mean ${suggestion}?`,
          hint: `If not, pass --server: ${names}`
        }
  )
})

/** The environment of tako.toml whose name is close to the app's. */
const misspeltEnvironment = Effect.fnUntraced(function* (app: Option.Option<AppName>) {
  const toml = Option.getOrUndefined(yield* (yield* Project).config)
  if (toml === undefined || Option.isNone(app)) return undefined
  const { project, environment } = partsOf(app.value)
  if (project !== toml.name || toml.envs.has(environment)) return undefined
  return Option.getOrUndefined(nearestEnvironment(environment, toml.envs.keys()))
})

/** The servers that tako.toml lists for an app, or for all its environments; none for another project's app. */
const listedServers = Effect.fnUntraced(function* (app: Option.Option<AppName>) {
  const toml = Option.getOrUndefined(yield* (yield* Project).config)
  if (toml === undefined) return []
  if (Option.isNone(app)) return [...new Set([...toml.envs.values()].flatMap(({ servers }) => servers))]
  const { project, environment } = partsOf(app.value)
  return project === toml.name ? [...new Set(toml.envs.get(environment)?.servers ?? [])] : []
})
