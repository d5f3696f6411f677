import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type AppName, isAppName, partsOf } from "../../../domain/app/app-name.ts"
import { nearestEnvironment } from "../../../domain/did-you-mean.ts"
import { Usage } from "../../../domain/errors/user.ts"
import type { EnvironmentName } from "../../../domain/names.ts"
import { environmentNames } from "../../../domain/secrets-file/environments.ts"
import { isServerName, localName } from "../../../domain/server-registry/registered-server.ts"
import { appOf, projectName } from "../../../programs/apps/app.ts"
import { serversToChange } from "../../../programs/apps/targets.ts"
import { Project } from "../../../services/project/project.ts"
import { SecretsFile } from "../../../services/secrets-file/secrets-file.ts"
import { argument, flag } from "../command.ts"
import { chooseEnvironment, givenEnvironment } from "../names.ts"

export const appArgument = argument.optional("APP", {
  holds: "app",
  summary: "The app, as PROJECT/ENVIRONMENT (default: this project's in --env)"
})

export const serverFlag = flag.text("server", {
  short: "s",
  value: "NAME",
  holds: "server",
  summary: "Use this server: one you added, or local"
})

interface AppInput {
  readonly app: Option.Option<string>
  readonly environment: Option.Option<string>
}

/** The app of APP, or this project's app in the environment of --env; none if neither was given. */
export const givenApp = Effect.fnUntraced(function* ({ app, environment }: AppInput) {
  if (Option.isSome(app)) return Option.some(yield* checkApp(app.value, environment))
  const given = yield* givenEnvironment(environment)
  return Option.isNone(given) ? Option.none() : Option.some(yield* appIn(given.value))
})

/** The app of APP, or else this project's in the environment of --env or chosen at the terminal. */
export const chooseApp = Effect.fnUntraced(function* (typed: AppInput) {
  if (Option.isSome(typed.app)) return yield* checkApp(typed.app.value, typed.environment)
  yield* requireProject
  return yield* appIn(yield* chooseEnvironment(typed.environment))
})

/** This project's app, in an environment that it has: a misspelt one would deploy a new app. */
export const appToDeploy = Effect.fnUntraced(function* (given: Option.Option<string>) {
  const app = yield* chooseApp({ app: Option.none(), environment: given })
  const { environment } = partsOf(app)
  const toml = Option.getOrUndefined(yield* (yield* Project).config)
  const declared = [...(toml?.envs.keys() ?? [])]
  const known = [...declared, ...environmentNames(yield* (yield* SecretsFile).read)]
  const suggestion = nearestEnvironment(environment, known)
  if (known.includes(environment) || (declared.length === 0 && Option.isNone(suggestion))) return app
  const correction = Option.match(suggestion, {
    onNone: () => `: it has ${[...new Set(known)].join(", ")}.`,
    onSome: (name) => `. Did you mean ${name}?`
  })
  return yield* new Usage({
    problem: `This project has no environment ${environment}${correction}`,
    hint: `If it is a new one, add it to tako.toml: [envs.${environment}]`
  })
})

/** The chosen app, and the servers to change it on. */
export const appToChange = Effect.fnUntraced(function* (
  typed: AppInput & { readonly server: Option.Option<string> }
) {
  const server = yield* checkServer(typed.server)
  const app = yield* chooseApp(typed)
  const targets = yield* serversToChange({ server, app: Option.some(app) })
  return { app, targets, names: targets.map(({ name }) => name).join(", ") }
})

export const checkServer = (name: Option.Option<string>): Effect.Effect<Option.Option<string>, Usage> =>
  Option.isNone(name) || name.value === localName || isServerName(name.value)
    ? Effect.succeed(name)
    : new Usage({
        problem: "--server takes a name listed by tako servers ls, or local."
      })

const checkApp = (name: string, environment: Option.Option<string>): Effect.Effect<AppName, Usage> => {
  if (!isAppName(name)) {
    return new Usage({
      problem: "APP is an app and its environment, as in shop/production.",
      hint: "For this project's app, leave it out and pass --env production."
    })
  }
  return Option.isSome(environment)
    ? new Usage({ problem: "APP already names the environment: leave out --env." })
    : Effect.succeed(name)
}

const appIn = (environment: EnvironmentName) =>
  Effect.flatMap(projectName, (project) => appOf(project, environment))

/** Outside of a project, the folder's name must not be taken for an app's. */
const requireProject = Effect.gen(function* () {
  const { config } = yield* Project
  if (Option.isSome(yield* config)) return
  const { read } = yield* SecretsFile
  if ((yield* read).size > 0) return
  return yield* new Usage({
    problem: "Which app? There is no project here.",
    hint: "Name it, as in tako logs shop/production\nTo list all apps: tako status"
  })
})
