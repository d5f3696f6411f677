import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { NoTerminal, Usage } from "../../../../domain/errors/user.ts"
import { type NewPassphrase, rotate as rotateKey } from "../../../../programs/key/rotate.ts"
import { Terminal } from "../../../../services/terminal/terminal.ts"
import { flag, leaf } from "../../command.ts"
import { chooseEnvironment, environmentFlag } from "../../names.ts"
import { counted, out, say } from "../../output.ts"
import { refreshTypesAfterChange } from "../../typegen.ts"

export const rotate = leaf(
  "rotate",
  {
    summary: "Re-encrypt an environment under a new passphrase, or the same one",
    description:
      "Re-encrypts every value, or none. Old commits stay readable with the old passphrase: if someone has left, change the values they knew at their source.",
    example: "tako secrets key rotate --env production",
    flags: {
      environment: environmentFlag,
      generate: flag.boolean("generate", {
        summary: "Generate the passphrase; without a terminal it is printed to stdout"
      }),
      samePassphrase: flag.boolean("same-passphrase", {
        summary: "Keep the passphrase: change only the salt, and bind every value to its name"
      })
    }
  },
  (input) =>
    Effect.gen(function* () {
      if (input.generate && input.samePassphrase) {
        return yield* new Usage({ problem: "--generate and --same-passphrase cannot be used together." })
      }
      const environment = yield* chooseEnvironment(input.environment)
      const terminal = yield* Terminal
      const atTerminal = yield* terminal.isThere
      const mode: NewPassphrase = input.generate ? "generated" : input.samePassphrase ? "same" : "asked"
      if (mode === "asked" && !atTerminal) {
        return yield* new NoTerminal({
          question: "New passphrase",
          instead: "Pass --generate, or --same-passphrase."
        })
      }
      const names = yield* rotateKey(environment, mode, (passphrase) => {
        if (mode === "asked") return Effect.void
        return atTerminal
          ? terminal.show(`The new passphrase of ${environment}: ${Redacted.value(passphrase)}`)
          : out(`${Redacted.value(passphrase)}\n`)
      })
      yield* say(`Encrypted ${counted(names.length, "secret")} of environment ${environment} again`)
      yield* say(
        `Commit .tako/secrets.json. Everyone who pulls it must join again: tako secrets key derive --env ${environment}. Update the passphrase or key in CI, too.`
      )
      yield* say(`If it has servers, run this on this machine: tako secrets sync --env ${environment}`)
      yield* refreshTypesAfterChange
      if (mode === "same") {
        return yield* say(
          `The version from before still opens with this passphrase. In CI, a TAKO_KEY opens only the new one: tako secrets key export --env ${environment}; remove TAKO_ALLOW_UNBOUND there.`
        )
      }
      yield* say(
        `Old commits stay readable with the old passphrase. If somebody left, change the values at their source: ${names.join(", ")}`
      )
    })
)
