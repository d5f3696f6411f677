import * as Effect from "effect/Effect"
import { trust as trustKey } from "../../../../programs/key/trust.ts"
import { flag, leaf } from "../../command.ts"
import { chooseEnvironment, environmentFlag } from "../../names.ts"
import { say } from "../../output.ts"
import { confirmed } from "../../prompts.ts"

export const trust = leaf(
  "trust",
  {
    summary: "Let this project use a key this machine has for another project",
    example: "tako secrets key trust --env production",
    flags: {
      environment: environmentFlag,
      yes: flag.boolean("yes", { short: "y", summary: "Do not ask" })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const environment = yield* chooseEnvironment(input.environment)
      const outcome = yield* trustKey(environment, (origins) =>
        confirmed(
          `This machine has the key of ${environment} for ${origins.join(", ") || "an unknown project"}. Use it for this project too?`,
          input.yes
        )
      )
      yield* say(
        outcome === "trusted"
          ? `This project now uses the key of ${environment}`
          : `This project already uses the key of ${environment}`
      )
    })
)
