import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { get as getSecret } from "../../../programs/secrets/get.ts"
import { argument, leaf } from "../command.ts"
import { checkSecret, chooseEnvironment, environmentFlag } from "../names.ts"
import { jsonFlag, out, outJson } from "../output.ts"

export const get = leaf(
  "get",
  {
    summary: "Print the value of a secret",
    example: "tako secrets get DATABASE_URL --env production",
    arguments: { name: argument.text("NAME", { holds: "secret" }) },
    flags: { environment: environmentFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const secret = yield* checkSecret(input.name)
      const environment = yield* chooseEnvironment(input.environment)
      const value = Redacted.value(yield* getSecret({ environment, secret }))
      yield* input.json ? outJson({ environment, name: secret, value }) : out(`${value}\n`)
    })
)
