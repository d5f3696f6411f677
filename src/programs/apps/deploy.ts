import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import { Usage } from "../../domain/errors/user.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { Deploy } from "../../domain/protocol/requests.ts"
import type { Target } from "../../domain/server/target.ts"
import { localName } from "../../domain/server-registry/registered-server.ts"
import { type TakoToml, varsIn } from "../../domain/tako-toml/tako-toml.ts"
import { Project } from "../../services/project/project.ts"
import { type Claim, timed } from "./change.ts"
import { type Outcome, onEach, onOne } from "./on-each.ts"

/** What of a deploy is not in tako.toml, or over it. */
export interface Asked extends Claim {
  /** An absolute path on the servers; the project's folder without it, which is only on this machine. */
  readonly directory: Option.Option<string>
  readonly instances: Option.Option<number>
  /** Which build it is; instances have it as TAKO_BUILD. */
  readonly build: Option.Option<string>
}

/** What tako.toml says, of a project that there is something to start of. */
export const startable = Effect.gen(function* () {
  const toml = Option.getOrUndefined(yield* (yield* Project).config)
  const start = toml?.start
  return toml === undefined || start === undefined ? yield* nothingToStart(toml) : { ...toml, start }
})

/** A release of a directory, as tako.toml says to start it. */
export const deployment = Effect.fn("apps.deployment")(function* (
  app: AppName,
  targets: ReadonlyArray<Target>,
  asked: Asked
) {
  const { root } = yield* Project
  const toml = yield* startable
  const elsewhere = targets.find(({ name }) => name !== localName)
  if (Option.isNone(asked.directory) && elsewhere !== undefined) return yield* noDirectory(elsewhere)
  const { environment } = partsOf(app)
  const settings = toml.envs.get(environment)
  const instances = Option.getOrUndefined(asked.instances) ?? settings?.instances
  const release = settings?.release ?? toml.release
  const vars = varsIn(toml, environment)
  return {
    command: "deploy",
    app,
    by: asked.by,
    directory: Option.getOrElse(asked.directory, () => root),
    start: toml.start,
    ...omitUndefined({
      release,
      instances,
      port: settings?.port,
      listen: settings?.listen,
      drain_ms: settings?.drain && Duration.toMillis(settings.drain),
      vars: vars.size === 0 ? undefined : vars,
      build: Option.getOrUndefined(asked.build)
    })
  } satisfies Deploy as Deploy
})

/**
 * Deploys to all servers side by side. A release command runs once, on the first of them, before the others begin; where the
 * first fails they are left alone, and are not among the outcomes.
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
    problem: `Which directory on ${name}? tako deploys one that is there already, and does not copy it yet.`,
    hint: "Pass --directory, an absolute path on the server: --directory /srv/shop"
  })
