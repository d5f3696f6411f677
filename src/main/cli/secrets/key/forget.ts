import * as Effect from "effect/Effect"
import { forget as forgetKey } from "../../../../programs/key/forget.ts"
import { leaf } from "../../command.ts"
import { chooseEnvironment, environmentFlag } from "../../names.ts"
import { say } from "../../output.ts"

export const forget = leaf(
  "forget",
  {
    summary: "Remove the environment's key from this machine",
    example: "tako secrets key forget --env production",
    flags: { environment: environmentFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const environment = yield* chooseEnvironment(input.environment)
      const forgotten = yield* forgetKey(environment)
      yield* say(
        forgotten
          ? `Removed the key of ${environment} from this machine`
          : `This machine had no key for ${environment}`
      )
    })
)
