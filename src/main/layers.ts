import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { FileFailed } from "../domain/errors/secrets-file.ts"
import * as Cipher from "../services/cipher/layer.ts"
import * as Clipboard from "../services/clipboard/layer.ts"
import * as History from "../services/history/layer.ts"
import * as Home from "../services/home/layer.ts"
import * as KeyCache from "../services/key-cache/layer.ts"
import * as KeyDerivation from "../services/key-derivation/layer.ts"
import * as KeyPins from "../services/key-pins/layer.ts"
import * as KeySource from "../services/key-source/layer.ts"
import * as PassphraseWords from "../services/passphrase-words/layer.ts"
import * as ProcessSpawner from "../services/process-spawner/layer.ts"
import * as Project from "../services/project/layer.ts"
import * as SecretsFile from "../services/secrets-file/layer.ts"
import * as Terminal from "../services/terminal/layer.ts"
import { Globals } from "./cli/globals.ts"

/** Where the command was started and which tako.toml was named. */
const place = Effect.gen(function* () {
  const { config } = yield* Globals
  const directory = yield* Effect.try({
    try: () => process.cwd(),
    catch: () => new FileFailed({ operation: "read", path: "the current directory", code: "ENOENT" })
  })
  return Option.match(config, { onNone: () => ({ directory }), onSome: (config) => ({ directory, config }) })
})

const project = Layer.unwrapEffect(Effect.map(place, Project.layer))

/** For `init`, which makes a project where there may be none. */
export const newProject = Layer.provideMerge(
  History.layer,
  Layer.unwrapEffect(Effect.map(place, Project.layerHere))
)

const people = Layer.mergeAll(Terminal.layer, Clipboard.layer, PassphraseWords.layer)
const crypto = Layer.mergeAll(Cipher.layer, KeyDerivation.layer)
const files = Layer.mergeAll(SecretsFile.layer, KeyCache.layer, KeyPins.layer, History.layer).pipe(
  Layer.provideMerge(project),
  Layer.provide(Home.layer)
)

/** For the commands on secrets and keys. */
export const secrets = KeySource.layer.pipe(Layer.provideMerge(Layer.mergeAll(people, crypto, files)))

/** For the commands that start programs. */
export const processes = Layer.merge(secrets, ProcessSpawner.layer)
