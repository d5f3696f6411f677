import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Home } from "../../../services/home/home.ts"
import { Project } from "../../../services/project/project.ts"
import { SecretsFile } from "../../../services/secrets-file/secrets-file.ts"
import { Globals } from "../globals.ts"

/** The secrets file, tako.toml, and everywhere that its key may come from. */
export const watchedFiles = Effect.gen(function* () {
  const { root } = yield* Project
  const { path } = yield* SecretsFile
  const { data } = yield* Home
  const { config } = yield* Globals
  const { TAKO_KEY_FILE, TAKO_PASSPHRASE_FILE } = process.env
  return [
    path,
    Option.match(config, {
      onNone: () => Path.join(root, "tako.toml"),
      onSome: (typed) => Path.resolve(typed)
    }),
    Path.join(data, "keys"),
    Path.join(data, "pins.json"),
    ...[TAKO_KEY_FILE, TAKO_PASSPHRASE_FILE]
      .filter((file) => file !== undefined)
      .map((file) => Path.resolve(file))
  ]
})
