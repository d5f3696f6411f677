import * as Effect from "effect/Effect"
import { ignoredMend, ignoreFile, ignoreRules, init as initProject } from "../../programs/init.ts"
import { done, failed } from "../exit-code.ts"
import { leaf } from "./command.ts"
import { say } from "./output.ts"
import { refreshTypesAfterChange } from "./typegen.ts"

export const init = leaf(
  "init",
  {
    summary: "Make this folder a tako project",
    description:
      "Writes tako.toml, and .gitignore rules that commit .tako/secrets.json and nothing else in .tako/. Existing files are kept.",
    example: "tako init"
  },
  () =>
    Effect.gen(function* () {
      const made = yield* initProject()
      yield* say(made.config === "created" ? "Created tako.toml" : "Kept the existing tako.toml")
      yield* say(
        made.ignoreRules === "added"
          ? `Added to ${ignoreFile}: ${ignoreRules.join(" and ")}`
          : `Kept ${ignoreFile}: it already has the rules`
      )
      yield* refreshTypesAfterChange
      if (made.secretsIgnored) {
        yield* say(ignoredMend)
        return failed
      }
      yield* say("Next: tako secrets set NAME --env development")
      return done
    })
)
