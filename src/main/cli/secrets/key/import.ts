import * as Effect from "effect/Effect"
import { importKey } from "../../../../programs/key/import.ts"
import { leaf } from "../../command.ts"
import { chooseEnvironment, environmentFlag } from "../../names.ts"
import { hiddenInput } from "../../prompts.ts"
import { reportKeptKey } from "./derive.ts"

const surplus = {
  problem:
    "A key is never taken from an argument: other users of this machine and your shell's history see it.",
  hint: "Type it at the prompt, or pipe it in: tako secrets key import --env NAME < FILE"
}

export const importCommand = leaf(
  "import",
  {
    summary: "Import an exported key, if it opens the environment",
    example: "tako secrets key import --env production < production.key",
    flags: { environment: environmentFlag },
    surplus
  },
  (input) =>
    Effect.gen(function* () {
      const environment = yield* chooseEnvironment(input.environment)
      const text = hiddenInput("Key: ", `Pipe it in: tako secrets key import --env ${environment} < FILE`)
      return yield* reportKeptKey(environment, yield* importKey(environment, text))
    })
)
