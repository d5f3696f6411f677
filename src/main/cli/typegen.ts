import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Usage } from "../../domain/errors/user.ts"
import {
  checkTypes,
  type GeneratedFile,
  type Language,
  refreshTypes,
  typegen as writeTypes
} from "../../programs/typegen.ts"
import { done, failed } from "../exit-code.ts"
import { flag, leaf } from "./command.ts"
import { jsonFlag, outJson, say } from "./output.ts"

export const typegen = leaf(
  "typegen",
  {
    summary: "Generate types from the names of your secrets; needs no key",
    description:
      "Writes tako.gen.ts where it exists already, else in src/ or app/, else here; tako_secrets.go beside go.mod. Once a file exists, every command that changes names updates it.",
    example: "tako typegen --check",
    flags: {
      check: flag.boolean("check", {
        summary: "Check without writing; exit 1 if a file is stale or missing"
      }),
      language: flag.text("lang", {
        value: "ts|go",
        summary: "Generate for this language (default: from package.json and go.mod)"
      }),
      json: jsonFlag
    }
  },
  (input) =>
    Effect.gen(function* () {
      const language = yield* checkLanguage(input.language)
      const files = yield* input.check ? checkTypes(language) : writeTypes(language)
      if (input.json) yield* outJson({ files: files.map((file) => toJson(file, input.check)) })
      else for (const file of files) yield* say(sentence(file, input.check))
      if (!input.check || files.every(({ state }) => state === "current")) return done
      if (!input.json) yield* say("To write them: tako typegen")
      return failed
    })
)

const checkLanguage = (given: Option.Option<string>): Effect.Effect<Option.Option<Language>, Usage> => {
  if (Option.isNone(given)) return Effect.succeedNone
  return given.value === "ts" || given.value === "go"
    ? Effect.succeedSome(given.value)
    : new Usage({ problem: "--lang takes ts or go.", hint: "For example: tako typegen --lang ts" })
}

const written = { missing: "created", stale: "updated", current: "unchanged" } as const

const toJson = ({ path, language, state }: GeneratedFile, check: boolean) => ({
  path,
  language,
  state: check ? state : written[state]
})

const sentence = ({ path, state }: GeneratedFile, check: boolean): string => {
  if (state === "current") return `Unchanged: ${path}`
  if (check) return state === "stale" ? `Stale: ${path}` : `Missing: ${path}`
  return state === "stale" ? `Updated ${path}` : `Created ${path}`
}

/** Updates generated types after a command that changed names. The command has succeeded, so failures are warnings. */
export const refreshTypesAfterChange = Effect.gen(function* () {
  const { changed, failures } = yield* refreshTypes()
  for (const path of changed) yield* say(`Updated ${path}`)
  for (const { message } of failures) yield* say(`warning: The types were not updated. ${message}`)
})
