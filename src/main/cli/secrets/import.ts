import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { Usage } from "../../../domain/errors/user.ts"
import type { SecretName } from "../../../domain/names.ts"
import { importSecrets, withOutcome } from "../../../programs/secrets/import.ts"
import { Stdio } from "../../../services/stdio/stdio.ts"
import { namedText } from "../../../services/stdio/value-text.ts"
import { argument, flag, leaf } from "../command.ts"
import {
  checkSecret,
  chooseEnvironment,
  confirmNewEnvironment,
  createFlag,
  environmentFlag
} from "../names.ts"
import { counted, say } from "../output.ts"
import { confirmed } from "../prompts.ts"
import { refreshTypesAfterChange } from "../typegen.ts"
import type { Dotenv } from "./dotenv.ts"
import { canSync, syncAfter, syncFlag } from "./sync/sync.ts"

export const importCommand = leaf(
  "import",
  {
    summary: "Import the values of a .env file, all at once",
    description:
      "Reads NAME=value lines as dotenv does, from the file or from stdin. Asks before it replaces a value.",
    example: "tako secrets import .env --env development",
    arguments: {
      file: argument.optional("FILE", { summary: "The .env file (default, or -: stdin)" }),
      names: argument.rest("NAME", { summary: "Import only these secrets", holds: "any-secret" })
    },
    flags: {
      environment: environmentFlag,
      sync: syncFlag,
      create: createFlag,
      yes: flag.boolean("yes", { short: "y", summary: "Replace values without asking" })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const only = yield* Effect.forEach(input.names, checkSecret)
      const environment = yield* chooseEnvironment(input.environment)
      yield* confirmNewEnvironment(environment, input.create)
      const where = { environment: Option.some(environment) }
      if (input.sync) yield* canSync(where)
      const dotenv = yield* dotenvOf(yield* textOf(input.file), only)
      const { values, publicKeys, empty, references } = dotenv
      const { outcomes, created } = yield* importSecrets(environment, values, (replaced) =>
        confirmed(`Replace ${replaced.join(", ")} in ${environment}?`, input.yes)
      )
      if (created) yield* say(`Created environment ${environment}`)
      const count = (outcome: "set" | "updated" | "unchanged", what: string) => {
        const { length } = withOutcome(outcomes, outcome)
        return length === 0 ? [] : [`${length} ${what}`]
      }
      const parts = [
        ...count("set", "new"),
        ...count("updated", "replaced"),
        ...count("unchanged", "unchanged")
      ]
      yield* say(
        `Imported ${counted(outcomes.size, "secret")} into environment ${environment}: ${parts.join(", ")}`
      )
      if (publicKeys.length > 0) yield* say(`Skipped, because only dotenvx uses it: ${publicKeys.join(", ")}`)
      if (empty.length > 0) yield* say(`Skipped, because it has no value: ${empty.join(", ")}`)
      if (references.length > 0) {
        yield* say(`Imported literally, with \${…} not replaced: ${references.join(", ")}`)
      }
      const warnings = warningsOf(dotenv)
      for (const warning of warnings) yield* say(warning)
      if (warnings.length > 0)
        yield* say("Check these values; if they are wrong, fix the file and import again.")
      yield* say(
        Option.isSome(input.file) && input.file.value !== "-"
          ? "That file still holds the values in plain text: delete it."
          : "Delete the values wherever they are still in plain text."
      )
      yield* say("If they were ever committed or sent to somebody, change them at their source.")
      yield* refreshTypesAfterChange
      return input.sync ? yield* syncAfter({ ...where, agreed: new Set() }) : undefined
    })
)

/** What dotenv skips or cuts off silently; the file is about to be deleted. */
const warningsOf = ({ cutOff, unclosed, oneLine, skippedLines }: Dotenv): ReadonlyArray<string> => [
  ...(skippedLines === undefined ? [] : [`Skipped, because it is not NAME=value: ${skippedLines}`]),
  ...(cutOff.length === 0
    ? []
    : [`Cut off at a #, which starts a comment outside quotes: ${cutOff.join(", ")}`]),
  ...(unclosed.length === 0
    ? []
    : [`Imported with its opening quote, which is not closed: ${unclosed.join(", ")}`]),
  ...(oneLine.length === 0
    ? []
    : [`Imported as one line, because \\n is a line break only in double quotes: ${oneLine.join(", ")}`])
]

/** The text of the file, or of stdin if no file is named. */
const textOf = (file: Option.Option<string>) =>
  Effect.catchTag(given(file), "ValueRefused", ({ reason }) =>
    reason === "too-large"
      ? new Usage({ problem: "The file is larger than 1 MiB." })
      : new Usage({
          problem: "The file is not UTF-8.",
          hint: "PowerShell writes UTF-16, for example. Save the file as UTF-8."
        })
  )

const given = Effect.fnUntraced(function* (file: Option.Option<string>) {
  if (Option.isSome(file) && file.value !== "-") return yield* namedText(file.value)
  const stdio = yield* Stdio
  if (!stdio.stdinIsTerminal) return yield* stdio.readStdin
  return yield* new Usage({
    problem: "Which file?",
    hint: "Name it: tako secrets import .env --env NAME, or pipe it in"
  })
})

const dotenvOf = Effect.fnUntraced(function* (
  text: Redacted.Redacted<string>,
  only: ReadonlyArray<SecretName>
) {
  const { readDotenv } = yield* Effect.promise(() => import("./dotenv.ts"))
  const dotenv = yield* readDotenv(text, only)
  if (dotenv.values.size > 0) return dotenv
  return yield* new Usage({
    problem: `The file has no values, only names: ${[...dotenv.publicKeys, ...dotenv.empty].join(", ")}.`
  })
})
