import * as Effect from "effect/Effect"
import { derive as deriveKey, type KeptKey } from "../../../../programs/key/derive.ts"
import { damaged, done } from "../../../exit-code.ts"
import { flag, leaf } from "../../command.ts"
import { chooseEnvironment, confirmNewEnvironment, environmentFlag } from "../../names.ts"
import { say } from "../../output.ts"

export const derive = leaf(
  "derive",
  {
    summary: "Join an environment: derive its key from the passphrase and store it here",
    example: "tako secrets key derive --env production",
    flags: {
      environment: environmentFlag,
      create: flag.boolean("create", {
        summary: "Create the environment even if its name is close to another's"
      })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const environment = yield* chooseEnvironment(input.environment)
      yield* confirmNewEnvironment(environment, input.create)
      return yield* reportKeptKey(environment, yield* deriveKey(environment))
    })
)

/** Reports a key that is now kept on this machine; exit 4 if it does not open everything. */
export const reportKeptKey = Effect.fnUntraced(function* (environment: string, kept: KeptKey) {
  const total = kept.opened + kept.unopened.length
  if (kept.created) yield* say(`Created environment ${environment}`)
  yield* say(
    total === 0
      ? `Key for ${environment} stored in ${kept.path}`
      : `Key for ${environment} opens ${kept.opened} of ${total} values, stored in ${kept.path}`
  )
  if (kept.unopened.length === 0) return done
  yield* say(`Damaged, or sealed with another passphrase: ${kept.unopened.join(", ")}`)
  return damaged
})
