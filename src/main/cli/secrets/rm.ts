import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Declined, Usage } from "../../../domain/errors/user.ts"
import { placesToRemove, rm as removeSecret } from "../../../programs/secrets/rm.ts"
import { argument, flag, leaf } from "../command.ts"
import { checkSecret, chosenEnvironment, environmentFlag } from "../names.ts"
import { say } from "../output.ts"
import { agreed } from "../prompts.ts"
import { refreshed } from "../typegen.ts"
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
      allEnvironments: flag.boolean("all-envs", { summary: "From every environment that has it" }),
      sync: syncFlag,
      yes: flag.boolean("yes", { short: "y", summary: "Do not ask" })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const secret = yield* checkSecret(input.name)
      if (input.allEnvironments && Option.isSome(input.environment)) {
        return yield* new Usage({ problem: "--env and --all-envs do not go together." })
      }
      const where = input.allEnvironments ? "everywhere" : yield* chosenEnvironment(input.environment)
      const places = yield* placesToRemove(secret, where)
      const [first, ...others] = places
      const environment = others.length === 0 ? Option.fromNullable(first) : Option.none()
      if (input.sync) yield* canSync({ environment, among: places })
      if (!(yield* agreed(`Remove ${secret} from ${places.join(", ")}?`, input.yes)))
        return yield* new Declined()
      yield* removeSecret(secret, places)
      for (const place of places) yield* say(`Removed secret ${secret} from environment ${place}`)
      yield* refreshed
      if (!input.sync) return undefined
      // That it goes is what was asked for; anything else is not.
      return yield* syncAfter({ environment, among: places, agreed: input.yes ? "all" : new Set([secret]) })
    })
)
