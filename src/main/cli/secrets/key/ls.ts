import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { KeySourceName } from "../../../../domain/errors/keys.ts"
import { type Verdict, verify } from "../../../../programs/secrets/verify.ts"
import { leaf } from "../../command.ts"
import { Style } from "../../context.ts"
import { environmentFlag, givenEnvironment } from "../../names.ts"
import { jsonFlag, outJson, outTable, say } from "../../output.ts"
import { type Cell, headings } from "../../table.ts"

export const ls = leaf(
  "ls",
  {
    aliases: ["list"],
    summary: "List the environments, and which key this machine has for each",
    example: "tako secrets key ls",
    flags: { environment: environmentFlag, json: jsonFlag }
  },
  (input) =>
    Effect.gen(function* () {
      const only = yield* givenEnvironment(input.environment)
      const verdicts = yield* verify(Option.toArray(only), { ask: false })
      if (input.json) {
        return yield* outJson({
          environments: [...verdicts].map(([name, verdict]) => ({ name, key: keyOf(verdict) }))
        })
      }
      if (verdicts.size === 0) return yield* say("There are no environments yet.")
      const { out } = yield* Style
      yield* outTable([
        headings("ENVIRONMENT", "KEY")(out),
        ...[...verdicts].map(([name, verdict]): ReadonlyArray<Cell> => [name, stateLabels[keyOf(verdict)]])
      ])
    })
)

type KeyState = KeySourceName | "none" | "not-trusted" | "replaced" | "unbound" | "downgraded" | "no-secrets"

const keyOf = (verdict: Verdict): KeyState => {
  switch (verdict._tag) {
    case "Opened":
      return verdict.source
    case "NoKey":
      return "none"
    case "NotTrusted":
      return "not-trusted"
    case "Replaced":
      return "replaced"
    case "Unbound":
      return "unbound"
    case "Downgraded":
      return "downgraded"
    case "Empty":
      return "no-secrets"
  }
}

const stateLabels: Readonly<Record<KeyState, string>> = {
  TAKO_KEY: "TAKO_KEY",
  TAKO_KEY_FILE: "TAKO_KEY_FILE",
  TAKO_PASSPHRASE: "TAKO_PASSPHRASE",
  TAKO_PASSPHRASE_FILE: "TAKO_PASSPHRASE_FILE",
  cache: "stored on this machine",
  prompt: "typed at a prompt",
  none: "no key here",
  "not-trusted": "not trusted: it belongs to another project",
  replaced: "replaced: this machine has another key for it",
  unbound: "not bound: nobody has agreed to that here",
  downgraded: "not bound any more: an old version was put back",
  "no-secrets": "no secrets yet"
}
