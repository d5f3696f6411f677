import * as Effect from "effect/Effect"
import { derive as deriveKey, type KeptKey } from "../../../../programs/key/derive.ts"
import { damaged, done } from "../../../exit-code.ts"
import { flag, leaf } from "../../command.ts"
import { chosenEnvironment, creatable, environmentFlag } from "../../names.ts"
import { say } from "../../output.ts"

export const derive = leaf(
  "derive",
  {
    summary: "Join an environment with its passphrase: keep its key on this machine",
    example: "tako secrets key derive --env production",
    flags: {
      environment: environmentFlag,
      create: flag.boolean("create", {
        summary: "Create the environment, however close its name is to another's"
      })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const environment = yield* chosenEnvironment(input.environment)
      yield* creatable(environment, input.create)
      return yield* sayKept(environment, yield* deriveKey(environment))
    })
)

/** What became of a key that is now kept; exit 4 when it does not open everything. */
export const sayKept = Effect.fnUntraced(function* (environment: string, kept: KeptKey) {
  const total = kept.opened + kept.unopened.length
  if (kept.created) yield* say(`Created environment ${environment}`)
  yield* say(
    total === 0
      ? `Key for ${environment} kept in ${kept.path}`
      : `Key for ${environment} opens ${kept.opened} of ${total} values, kept in ${kept.path}`
  )
  if (kept.unopened.length === 0) return done
  yield* say(`Damaged, or sealed with another passphrase: ${kept.unopened.join(", ")}`)
  return damaged
})
