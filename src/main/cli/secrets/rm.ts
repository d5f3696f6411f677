import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Declined, Usage } from "../../../domain/errors/user.ts"
import { environmentsWithSecret, rm as removeSecret } from "../../../programs/secrets/rm.ts"
import { argument, flag, leaf } from "../command.ts"
import { checkSecret, chooseEnvironment, environmentFlag } from "../names.ts"
import { say } from "../output.ts"
import { confirmed } from "../prompts.ts"
import { refreshTypesAfterChange } from "../typegen.ts"
import { canSync, syncAfter, syncFlag } from "./sync/sync.ts"

export const rm = leaf(
  "rm",
  {
    aliases: ["remove", "delete"],
    summary: "Remove a secret; needs no key",
    example: "tako secrets rm DATABASE_URL --env staging",
    arguments: { name: argument.text("NAME", { holds: "secret" }) },
    flags: {
      environment: environmentFlag,
      allEnvironments: flag.boolean("all-envs", { summary: "Remove it from every environment that has it" }),
      sync: syncFlag,
      yes: flag.boolean("yes", { short: "y", summary: "Do not ask" })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const secret = yield* checkSecret(input.name)
      if (input.allEnvironments && Option.isSome(input.environment)) {
        return yield* new Usage({ problem: "--env and --all-envs cannot be used together." })
      }
      const where = input.allEnvironments ? "everywhere" : yield* chooseEnvironment(input.environment)
      const places = yield* environmentsWithSecret(secret, where)
      const [first, ...others] = places
      const environment = others.length === 0 ? Option.fromNullable(first) : Option.none()
      if (input.sync) yield* canSync({ environment, among: places })
      if (!(yield* confirmed(`Remove ${secret} from ${places.join(", ")}?`, input.yes)))
        return yield* new Declined()
      yield* removeSecret(secret, places)
      for (const place of places) yield* say(`Removed secret ${secret} from environment ${place}`)
      yield* refreshTypesAfterChange
      if (!input.sync) return undefined
      // The person asked for this removal, and for no other.
      return yield* syncAfter({
        environment,
        among: places,
        agreed: input.yes ? "all" : new Set([secret])
      })
    })
)
