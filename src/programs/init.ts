import * as Effect from "effect/Effect"
import { projectNameOf } from "../domain/tako-toml/tako-toml.ts"
import { History } from "../services/history/history.ts"
import { Project } from "../services/project/project.ts"

/** What `init` created, and what existed and was kept. */
export interface Initialised {
  readonly root: string
  readonly config: "created" | "kept"
  readonly ignoreRules: "added" | "kept"
  /** git still ignores the secrets file, by a rule that ours cannot override. */
  readonly secretsIgnored: boolean
}

export const configFile = "tako.toml"
export const ignoreFile = ".gitignore"
export const secretsFile = ".tako/secrets.json"

/** In this order: the last matching rule decides (gitignore(5)). */
export const ignoreRules = [".tako/*", `!${secretsFile}`]

/** Makes the folder a project. Existing files are kept, so it may be run again. */
export const init = Effect.fn("init")(function* () {
  const project = yield* Project
  const history = yield* History
  const folder = project.root.slice(project.root.lastIndexOf("/") + 1)
  const created = yield* project.writeNew(configFile, template(projectNameOf(folder)))
  const added = yield* project.appendLines(ignoreFile, ignoreRules)
  const secretsIgnored = yield* history.isIgnored(secretsFile)
  return {
    root: project.root,
    config: created ? "created" : "kept",
    ignoreRules: added ? "added" : "kept",
    secretsIgnored
  } satisfies Initialised
})

/** What to do about `secretsIgnored`. */
export const ignoredMend =
  `git ignores ${secretsFile}, so your secrets would not be committed. A rule that ignores the whole folder, as .tako/ ` +
  `does, cannot be overridden by a later one: remove it.\nFind it: git check-ignore -v ${secretsFile}`

const template = (name: string): string => `name = "${name}"

# What runs in production, and what \`tako dev\` runs:
# start = ["node", "server.ts"]
# dev = ["node", "--watch", "server.ts"]

# Plain variables, readable by everybody. Secrets are set with: tako secrets set NAME
# [vars]
# LOG_LEVEL = "info"
# [vars.production]
# LOG_LEVEL = "warn"
`
