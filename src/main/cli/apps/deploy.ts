import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Usage } from "../../../domain/errors/user.ts"
import { deployment, deploy as deployTo, startable } from "../../../programs/apps/deploy.ts"
import { serversToChange } from "../../../programs/apps/targets.ts"
import { flag, leaf } from "../command.ts"
import { environmentFlag } from "../names.ts"
import { counted, jsonFlag, say, seconds } from "../output.ts"
import { appToDeploy, checkServer, serverFlag } from "./choose-app.ts"
import { mostInstances, noteWhenInterrupted, optionalNumber, reportOutcomes, requestedBy } from "./report.ts"

export const deploy = leaf(
  "deploy",
  {
    summary: "Deploy this project's app to its servers",
    description:
      "Reads start, release and [vars] from tako.toml, and instances, listen, port and drain from its [envs.NAME]. Old instances are replaced once the new ones are healthy; if one is not, nothing changes.\n\nThe directory must already be on the server. The app gets the secrets that the server has: tako secrets sync.",
    example: "tako apps deploy --env production --server local",
    flags: {
      environment: environmentFlag,
      server: serverFlag,
      directory: flag.text("directory", {
        value: "PATH",
        summary: "Run the app in this folder on the server (default for local: the project's)"
      }),
      instances: flag.text("instances", {
        value: "COUNT",
        summary: "Run this many instances (default: from tako.toml)"
      }),
      build: flag.text("build", {
        value: "LABEL",
        summary: "Label the build; instances read it from TAKO_BUILD"
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
      const request = yield* deployment(app, targets, { directory, instances, build, by: yield* requestedBy })
      const names = targets.map(({ name }) => name)
      if (!input.json) yield* say(`Deploying ${app} to ${names.join(", ")} …`)
      const outcomes = yield* noteWhenInterrupted(app)(deployTo(targets, request))
      const skipped = names.slice(outcomes.length)
      const code = yield* reportOutcomes(outcomes, {
        json: input.json,
        sentence: (server, { reply, millis }) => {
          const at = request.listen === undefined ? "" : ` at ${request.listen}`
          const count = counted(reply.instances, "instance")
          return `${server}: release ${reply.release} of ${app} runs with ${count}${at}, after ${seconds(millis)}`
        }
      })
      if (skipped.length > 0)
        yield* say(`The release command failed, so nothing was deployed to ${skipped.join(", ")}.`)
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
    : new Usage({ problem: "--build takes 1 to 256 ASCII characters." })
