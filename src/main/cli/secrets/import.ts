import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { Usage } from "../../../domain/errors/user.ts"
import type { SecretName } from "../../../domain/names.ts"
import { importSecrets, withOutcome } from "../../../programs/secrets/import.ts"
import { Stdio } from "../../../services/stdio/stdio.ts"
import { namedText } from "../../../services/stdio/value-text.ts"
import { argument, flag, leaf } from "../command.ts"
import { checkSecret, chosenEnvironment, creatable, createFlag, environmentFlag } from "../names.ts"
import { counted, say } from "../output.ts"
import { agreed } from "../prompts.ts"
import { refreshed } from "../typegen.ts"
import type { Dotenv } from "./dotenv.ts"
import { canSync, syncAfter, syncFlag } from "./sync/sync.ts"

export const importCommand = leaf(
  "import",
  {
    summary: "Take the values of a .env file over, all in one write",
    description:
      "Reads NAME=value lines as dotenv does, from the file or from stdin. Asks before it replaces a value.",
    example: "tako secrets import .env --env development",
    arguments: {
      file: argument.optional("FILE", { summary: "Without it, or with -: stdin" }),
      names: argument.rest("NAME", { summary: "Only these", holds: "any-secret" })
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
      const environment = yield* chosenEnvironment(input.environment)
      yield* creatable(environment, input.create)
      const where = { environment: Option.some(environment) }
      if (input.sync) yield* canSync(where)
      const dotenv = yield* dotenvOf(yield* textOf(input.file), only)
      const { values, own, empty, references } = dotenv
      const { outcomes, created } = yield* importSecrets(environment, values, (replaced) =>
        agreed(`Replace ${replaced.join(", ")} in ${environment}?`, input.yes)
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
      if (own.length > 0) yield* say(`Left out, because it is of use to dotenvx alone: ${own.join(", ")}`)
      if (empty.length > 0) yield* say(`Left out, because there is no value: ${empty.join(", ")}`)
      if (references.length > 0) {
        yield* say(`Taken as written, \${…} and all: ${references.join(", ")}`)
      }
      const doubts = doubtsOf(dotenv)
      for (const doubt of doubts) yield* say(doubt)
      if (doubts.length > 0)
        yield* say("Look at that first; if it was not meant so: mend it and import again.")
      yield* say(
        Option.isSome(input.file) && input.file.value !== "-"
          ? "The values still stand in plain text where they came from: delete that file."
          : "Where the values still stand in plain text, delete them."
      )
      yield* say("If it was ever committed or sent to somebody, change them at their source.")
      yield* refreshed
      return input.sync ? yield* syncAfter({ ...where, agreed: new Set() }) : undefined
    })
)

/** Of what dotenv passes over without a word: the file is about to be deleted. */
const doubtsOf = ({ cut, unclosed, oneLine, passedOver }: Dotenv): ReadonlyArray<string> => [
  ...(passedOver === undefined ? [] : [`Left out, because it is no NAME=value: ${passedOver}`]),
  ...(cut.length === 0
    ? []
    : [`Cut off at a #, which begins a comment outside of quotes: ${cut.join(", ")}`]),
  ...(unclosed.length === 0
    ? []
    : [`Taken with the quote that it begins with, which is not closed: ${unclosed.join(", ")}`]),
  ...(oneLine.length === 0
    ? []
    : [
        `Taken on one line, with \\n as two characters, which ends a line in double quotes alone: ${oneLine.join(", ")}`
      ])
]

/** Of the file, or of stdin where none is named. */
const textOf = (file: Option.Option<string>) =>
  Effect.catchTag(given(file), "ValueRefused", ({ reason }) =>
    reason === "too-large"
      ? new Usage({ problem: "The file is larger than 1 MiB." })
      : new Usage({
          problem: "The file is not UTF-8.",
          hint: "PowerShell writes UTF-16, for one: save it as UTF-8."
        })
  )

const given = Effect.fnUntraced(function* (file: Option.Option<string>) {
  if (Option.isSome(file) && file.value !== "-") return yield* namedText(file.value)
  const stdio = yield* Stdio
  if (!stdio.stdinIsTerminal) return yield* stdio.readStdin
  return yield* new Usage({
    problem: "Which file?",
    hint: "Name it: tako secrets import .env --env NAME, or pass it in"
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
    problem: `There is no value in it: ${[...dotenv.own, ...dotenv.empty].join(", ")}.`
  })
})
