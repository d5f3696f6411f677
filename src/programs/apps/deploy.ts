import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import { Usage } from "../../domain/errors/user.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { Deploy } from "../../domain/protocol/requests.ts"
import { type TakoToml, varsIn } from "../../domain/tako-toml/tako-toml.ts"
import type { Target } from "../../domain/target.ts"
import { Project } from "../../services/project/project.ts"
import { type Outcome, onEach, onOne } from "../client/client.ts"
import { type Author, timed } from "./change.ts"

/** What a deploy needs beyond tako.toml, or instead of it. */
export interface DeployOptions extends Author {
  /** An absolute path on the servers. Defaults to the project's folder, which only this machine has. */
  readonly directory: Option.Option<string>
  readonly instances: Option.Option<number>
  /** Names the build; instances receive it as TAKO_BUILD. */
  readonly build: Option.Option<string>
}

/** The tako.toml of a project that says what to start. */
export const startable = Effect.gen(function* () {
  const toml = Option.getOrUndefined(yield* (yield* Project).config)
  const start = toml?.start
  return toml === undefined || start === undefined ? yield* nothingToStart(toml) : { ...toml, start }
})

/** The request that deploys a directory, started as tako.toml says. */
export const deployment = Effect.fn("apps.deployment")(function* (
  app: AppName,
  targets: ReadonlyArray<Target>,
  options: DeployOptions
) {
  const { root } = yield* Project
  const toml = yield* startable
  const elsewhere = targets.find(({ _tag }) => _tag !== "Local")
  if (Option.isNone(options.directory) && elsewhere !== undefined) return yield* noDirectory(elsewhere)
  const { environment } = partsOf(app)
  const settings = toml.envs.get(environment)
  const instances = Option.getOrUndefined(options.instances) ?? settings?.instances
  const release = settings?.release ?? toml.release
  const vars = varsIn(toml, environment)
  return {
    command: "deploy",
    app,
    by: options.by,
    directory: Option.getOrElse(options.directory, () => root),
    start: toml.start,
    ...omitUndefined({
      release,
      instances,
      port: settings?.port,
      listen: settings?.listen,
      drain_ms: settings?.drain && Duration.toMillis(settings.drain),
      vars: vars.size === 0 ? undefined : vars,
      build: Option.getOrUndefined(options.build)
    })
  } satisfies Deploy as Deploy
})

/**
 * Deploys to all servers in parallel. A release command runs once, on the first server, before the others begin; when the first
 * server fails, the others are left alone and have no outcome.
 */
export const deploy = Effect.fn("apps.deploy")(function* (targets: ReadonlyArray<Target>, request: Deploy) {
  const [first, ...others] = targets
  if (request.release === undefined || first === undefined) {
    return yield* onEach(targets, (server) => timed(server, request))
  }
  const led = yield* onOne(first, (server) => timed(server, request))
  if (Either.isLeft(led.outcome)) return [led]
  const { release: _, ...rest } = request
  return [led, ...(yield* onEach(others, (server) => timed(server, rest)))] satisfies ReadonlyArray<
    Outcome<unknown>
  >
})

const nothingToStart = (toml: TakoToml | undefined) =>
  new Usage({
    problem: `There is nothing to deploy: ${toml === undefined ? "there is no tako.toml here" : "tako.toml has no start"}.`,
    hint: 'Say what an instance runs, in tako.toml: start = ["node", "server.js"]'
  })

const noDirectory = ({ name }: Target) =>
  new Usage({
    problem: `Which directory on ${name}? tako deploys a directory that is on the server already; it does not copy files yet.`,
    hint: "Pass --directory, an absolute path on the server: --directory /srv/shop"
  })
