import * as Effect from "effect/Effect"
import { ignoredMend, ignoreFile, ignoreRules, init as initProject } from "../../programs/init.ts"
import { done, failed } from "../exit-code.ts"
import { leaf } from "./command.ts"
import { say } from "./output.ts"
import { refreshed } from "./typegen.ts"

export const init = leaf(
  "init",
  {
    summary: "Make this folder a project",
    description:
      "Writes tako.toml, and the .gitignore rules that keep .tako/secrets.json and nothing else of .tako/. What is there is kept.",
    example: "tako init"
  },
  () =>
    Effect.gen(function* () {
      const made = yield* initProject()
      yield* say(made.config === "created" ? "Created tako.toml" : "Kept tako.toml as it is")
      yield* say(
        made.ignoreRules === "added"
          ? `Added to ${ignoreFile}: ${ignoreRules.join(" and ")}`
          : `Kept ${ignoreFile} as it is`
      )
      yield* refreshed
      if (made.secretsIgnored) {
        yield* say(ignoredMend)
        return failed
      }
      yield* say("Next: tako secrets set NAME --env development")
      return done
    })
)
