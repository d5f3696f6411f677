import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { NoTerminal, Usage } from "../../../../domain/errors/user.ts"
import { type NewPassphrase, rotate as rotateKey } from "../../../../programs/key/rotate.ts"
import { Terminal } from "../../../../services/terminal/terminal.ts"
import { flag, leaf } from "../../command.ts"
import { chosenEnvironment, environmentFlag } from "../../names.ts"
import { counted, out, say } from "../../output.ts"
import { refreshed } from "../../typegen.ts"

export const rotate = leaf(
  "rotate",
  {
    summary: "Seal an environment anew, under a new passphrase or the same one",
    description:
      "All or nothing. Old commits stay readable with the old passphrase: what somebody knew who left has to change at its source.",
    example: "tako secrets key rotate --env production",
    flags: {
      environment: environmentFlag,
      generate: flag.boolean("generate", {
        summary: "Take a generated passphrase; off a terminal it goes to stdout"
      }),
      samePassphrase: flag.boolean("same-passphrase", {
        summary: "Keep the passphrase; a new salt, all values bound"
      })
    }
  },
  (input) =>
    Effect.gen(function* () {
      if (input.generate && input.samePassphrase) {
        return yield* new Usage({ problem: "--generate and --same-passphrase do not go together." })
      }
      const environment = yield* chosenEnvironment(input.environment)
      const terminal = yield* Terminal
      const atTerminal = yield* terminal.isThere
      const mode: NewPassphrase = input.generate ? "generated" : input.samePassphrase ? "same" : "asked"
      if (mode === "asked" && !atTerminal) {
        return yield* new NoTerminal({
          question: "Which new passphrase",
          instead: "Pass --generate, or --same-passphrase."
        })
      }
      const names = yield* rotateKey(environment, mode, (passphrase) => {
        if (mode === "asked") return Effect.void
        return atTerminal
          ? terminal.show(`The new passphrase of ${environment}: ${Redacted.value(passphrase)}`)
          : out(`${Redacted.value(passphrase)}\n`)
      })
      yield* say(`Sealed ${counted(names.length, "secret")} of environment ${environment} anew`)
      yield* say(
        `Commit .tako/secrets.json. Who pulls it joins again: tako secrets key derive --env ${environment}; what is set in CI changes, too.`
      )
      yield* say(`Servers, if there are: tako secrets sync --env ${environment}, on this machine`)
      yield* refreshed
      if (mode === "same") return
      yield* say(
        `Old commits stay readable with the old passphrase: what somebody knew who left has to change at its source: ${names.join(", ")}`
      )
    })
)
