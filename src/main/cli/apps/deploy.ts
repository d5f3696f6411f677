import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Usage } from "../../../domain/errors/user.ts"
import { deployment, deploy as deployTo, startable } from "../../../programs/apps/deploy.ts"
import { serversToChange } from "../../../programs/apps/targets.ts"
import { flag, leaf } from "../command.ts"
import { environmentFlag } from "../names.ts"
import { counted, jsonFlag, say } from "../output.ts"
import { appToDeploy, checkServer, serverFlag } from "./choose-app.ts"
import { claim, mostInstances, optionalNumber, seconds, tellOutcomes, toldWhenInterrupted } from "./report.ts"

export const deploy = leaf(
  "deploy",
  {
    summary: "Start this project's app on its servers, or a new release of it",
    description:
      "As tako.toml says: start, release, [vars], and of [envs.NAME] instances, listen, port and drain. New instances have to be healthy before old ones go; if one is not, nothing has changed.\n\nThe directory has to be on the server already. The secrets are those that the server has: tako secrets sync.",
    example: "tako apps deploy --env production --server local",
    flags: {
      environment: environmentFlag,
      server: serverFlag,
      directory: flag.text("directory", {
        value: "PATH",
        summary: "The app's folder on the server (default, on this machine: the project's)"
      }),
      instances: flag.text("instances", { value: "COUNT", summary: "How many, instead of tako.toml's" }),
      build: flag.text("build", {
        value: "LABEL",
        summary: "Which build it is; instances have it as TAKO_BUILD"
      }),
      json: jsonFlag
    }
  },
  (input) =>
    Effect.gen(function* () {
      const instances = yield* optionalNumber("--instances", input.instances, 1, mostInstances)
      const directory = yield* checkDirectory(input.directory)
      const build = yield* checkLabel(input.build)
      const given = yield* checkServer(input.server)
      yield* startable
      const app = yield* appToDeploy(input.environment)
      const targets = yield* serversToChange({ server: given, app: Option.some(app) })
      const request = yield* deployment(app, targets, { directory, instances, build, by: yield* claim })
      const names = targets.map(({ name }) => name)
      if (!input.json) yield* say(`Deploying ${app} to ${names.join(", ")} …`)
      const outcomes = yield* toldWhenInterrupted(app)(deployTo(targets, request))
      const left = names.slice(outcomes.length)
      const code = yield* tellOutcomes(outcomes, {
        json: input.json,
        sentence: (server, { reply, millis }) => {
          const at = request.listen === undefined ? "" : ` at ${request.listen}`
          const count = counted(reply.instances, "instance")
          return `${server}: release ${reply.release} of ${app} serves with ${count}${at}, after ${seconds(millis)}`
        }
      })
      if (left.length > 0)
        yield* say(`The release command failed, so nothing was deployed to ${left.join(", ")}.`)
      return code
    })
)

const checkDirectory = (given: Option.Option<string>): Effect.Effect<Option.Option<string>, Usage> =>
  Option.isNone(given) || (given.value.startsWith("/") && given.value.length <= 4096)
    ? Effect.succeed(given)
    : new Usage({ problem: "--directory takes an absolute path on the server, as in /srv/shop." })

const checkLabel = (given: Option.Option<string>): Effect.Effect<Option.Option<string>, Usage> =>
  Option.isNone(given) || /^[ -~]{1,256}$/.test(given.value)
    ? Effect.succeed(given)
    : new Usage({ problem: "--build takes a text of 1 to 256 characters of ASCII." })
