import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Usage } from "../../../../domain/errors/user.ts"
import { isKeyId, type KeyId } from "../../../../domain/key.ts"
import { leaf } from "../../command.ts"
import { environmentFlag, givenEnvironment } from "../../names.ts"
import { jsonFlag } from "../../output.ts"
import { flag } from "../../parameters.ts"
import { surroundings } from "./surroundings.ts"

export const sync = leaf(
  "sync",
  {
    summary: "Send an environment's secrets to its servers, and roll them out",
    description:
      'Which servers an environment has, tako.toml says: [envs.production] servers = ["la"]; where they are, tako servers ls. Without --env, every environment that has servers.\n\nEverything is opened first: one value that does not open, and nothing is sent anywhere. Each app goes on with its old secrets until new instances have proved the new ones. Exits 5 when a server failed; the others are done, and the same command sends what is missing.',
    example: "tako secrets sync --env production",
    flags: {
      environment: environmentFlag,
      server: flag.text("server", {
        short: "s",
        value: "NAME",
        holds: "server",
        summary: "This server alone; local is the one on this machine"
      }),
      dryRun: flag.boolean("dry-run", { short: "n", summary: "Only tell what would change" }),
      previousKey: flag.text("previous-key", {
        value: "ID",
        summary: "A key that servers may know the app by: it was rotated on another machine"
      }),
      yes: flag.boolean("yes", { short: "y", summary: "Do not ask before servers lose secrets" }),
      json: jsonFlag
    }
  },
  (input) =>
    Effect.gen(function* () {
      const environment = yield* givenEnvironment(input.environment)
      const previousKey = yield* checkKeyId(input.previousKey)
      const { carryOut } = yield* Effect.promise(() => import("./carry-out.ts"))
      const agreed = input.yes ? ("all" as const) : new Set<never>()
      return yield* carryOut({ ...input, environment, previousKey, agreed }, surroundings)
    })
)

const checkKeyId = (given: Option.Option<string>): Effect.Effect<Option.Option<KeyId>, Usage> => {
  const ids = Option.filter(given, isKeyId)
  if (Option.isSome(given) && Option.isNone(ids)) {
    return new Usage({
      problem: "--previous-key takes the id of a key: 16 of 0-9 and a-f, as the error shows it."
    })
  }
  return Effect.succeed(ids)
}
