import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type AppName, isAppName } from "../../domain/app/app-name.ts"
import { nearest } from "../../domain/did-you-mean.ts"
import { AppUnknown } from "../../domain/errors/server.ts"
import { InvalidName } from "../../domain/errors/user.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { projectNameOf } from "../../domain/tako-toml/tako-toml.ts"
import type { Target } from "../../domain/target.ts"
import { Project } from "../../services/project/project.ts"

/** The project's name: tako.toml's, or else derived from the folder's. */
export const projectName = Effect.gen(function* () {
  const { root, config } = yield* Project
  return Option.match(yield* config, {
    onNone: () => projectNameOf(root.slice(root.lastIndexOf("/") + 1)),
    onSome: ({ name }) => name
  })
})

/** A project's app in an environment. Servers accept no environment name of more than 63 characters; the file may. */
export const appOf = (project: string, environment: EnvironmentName): Effect.Effect<AppName, InvalidName> => {
  const app = `${project}/${environment}`
  return isAppName(app) ? Effect.succeed(app) : new InvalidName({ kind: "environment" })
}

/** None of these servers has the app; the nearest of the apps that they do have is suggested. */
export const appUnknown = (
  app: AppName,
  targets: ReadonlyArray<Target>,
  known: ReadonlyArray<AppName>
): AppUnknown =>
  new AppUnknown({
    app,
    servers: targets.map(({ name }) => name),
    ...omitUndefined({ suggestion: Option.getOrUndefined(nearest(app, known)) })
  })
