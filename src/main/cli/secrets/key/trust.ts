import * as Effect from "effect/Effect"
import { trust as trustKey } from "../../../../programs/key/trust.ts"
import { flag, leaf } from "../../command.ts"
import { chosenEnvironment, environmentFlag } from "../../names.ts"
import { say } from "../../output.ts"
import { agreed } from "../../prompts.ts"

export const trust = leaf(
  "trust",
  {
    summary: "Let a key of this machine open this project's environment too",
    example: "tako secrets key trust --env production",
    flags: {
      environment: environmentFlag,
      yes: flag.boolean("yes", { short: "y", summary: "Do not ask" })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const environment = yield* chosenEnvironment(input.environment)
      const outcome = yield* trustKey(environment, (origins) =>
        agreed(
          `The key of ${environment} is known from ${origins.join(", ") || "an unknown project"}. Use it here too?`,
          input.yes
        )
      )
      yield* say(
        outcome === "trusted"
          ? `The key of ${environment} is used here from now on`
          : `The key of ${environment} was trusted here already`
      )
    })
)
