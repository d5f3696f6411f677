import * as Layer from "effect/Layer"
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

/** For `init`, which makes a project where there may be none. */
export const newProject = (place: Project.Place) =>
  Layer.provideMerge(History.layer, Project.layerHere(place))

const people = Layer.mergeAll(Terminal.layer, Clipboard.layer, PassphraseWords.layer)
const crypto = Layer.mergeAll(Cipher.layer, KeyDerivation.layer)

/** For the programs that need no key: the file alone. */
export const secretsFile = (place: Project.Place) => Layer.provide(SecretsFile.layer, Project.layer(place))

/** For the programs on secrets and keys of the project at this place, with this machine's keys. */
export const secrets = (place: Project.Place) => {
  const files = Layer.mergeAll(SecretsFile.layer, KeyCache.layer, KeyPins.layer, History.layer).pipe(
    Layer.provideMerge(Project.layer(place)),
    Layer.provide(Home.layer)
  )
  return Layer.provideMerge(KeySource.layer, Layer.mergeAll(people, crypto, files))
}

/** For the programs that start others, too. */
export const processes = (place: Project.Place) => Layer.merge(secrets(place), ProcessSpawner.layer)
