import * as Layer from "effect/Layer"
import * as Balancer from "../services/balancer/layer.ts"
import * as Cipher from "../services/cipher/layer.ts"
import * as Clipboard from "../services/clipboard/layer.ts"
import * as Health from "../services/health/layer.ts"
import * as History from "../services/history/layer.ts"
import * as Home from "../services/home/layer.ts"
import * as KeyCache from "../services/key-cache/layer.ts"
import * as KeyDerivation from "../services/key-derivation/layer.ts"
import * as KeyPins from "../services/key-pins/layer.ts"
import * as KeySource from "../services/key-source/layer.ts"
import * as KnownHosts from "../services/known-hosts/layer.ts"
import * as PassphraseWords from "../services/passphrase-words/layer.ts"
import * as ProcessSpawner from "../services/process-spawner/layer.ts"
import * as Project from "../services/project/layer.ts"
import * as SecretsFile from "../services/secrets-file/layer.ts"
import * as ServerRegistry from "../services/server-registry/layer.ts"
import * as SourceTree from "../services/source-tree/layer.ts"
import * as SshConfig from "../services/ssh-config/layer.ts"
import * as Terminal from "../services/terminal/layer.ts"
import * as TerminalModes from "../services/terminal-modes/layer.ts"
import * as Transport from "../services/transport/layer.ts"
import * as Watch from "../services/watch/layer.ts"
import * as SdkSources from "./sdk/layer.ts"

const generated = Layer.merge(SourceTree.layer, SdkSources.layer)

/** For `init`, which creates a project in the current directory. */
export const newProject = (location: Project.Location) =>
  Layer.provideMerge(Layer.mergeAll(History.layer, SecretsFile.layer, generated), Project.layerHere(location))

const people = Layer.mergeAll(Terminal.layer, Clipboard.layer, PassphraseWords.layer)
const crypto = Layer.mergeAll(Cipher.layer, KeyDerivation.layer)

/** For programs that need no key: the secrets file and tako.toml. */
export const secretsFile = (location: Project.Location) =>
  Layer.provideMerge(SecretsFile.layer, Project.layer(location))

/** For programs that generate source files. */
export const types = (location: Project.Location) =>
  Layer.provideMerge(Layer.merge(SecretsFile.layer, generated), Project.layer(location))

/** For programs that open or change secrets, with the keys of this machine. */
export const secrets = (location: Project.Location) => {
  const files = Layer.mergeAll(
    SecretsFile.layer,
    KeyCache.layer,
    KeyPins.layer,
    History.layer,
    generated
  ).pipe(Layer.provideMerge(Project.layer(location)), Layer.provide(Home.layer))
  return Layer.provideMerge(KeySource.layer, Layer.mergeAll(people, crypto, files))
}

/** For programs that also start other programs. */
export const processes = (location: Project.Location) => Layer.merge(secrets(location), ProcessSpawner.layer)

/** For `dev`, which restarts a program behind a fixed address. */
export const development = (location: Project.Location) =>
  Layer.mergeAll(
    secrets(location),
    Home.layer,
    ProcessSpawner.layerOf({ poolSize: 2 }),
    Balancer.layer,
    Health.layer,
    TerminalModes.layer,
    Watch.layer
  )

/** For programs that read or change the list of servers. */
export const knownServers = Layer.provide(ServerRegistry.layer, Home.layer)

/** For programs that connect to servers. */
export const servers = Layer.merge(
  knownServers,
  Layer.provideMerge(Transport.layer, Layer.mergeAll(KnownHosts.layer, SshConfig.layer, Terminal.layer))
)

/** Connects to servers, with a Terminal that the caller provides. */
export const transport = Layer.provide(Transport.layer, Layer.merge(KnownHosts.layer, SshConfig.layer))

/** For programs that send secrets to servers. */
export const sync = (location: Project.Location) => Layer.merge(secrets(location), knownServers)

/** For programs on apps: servers, and the project. */
export const apps = (location: Project.Location) =>
  Layer.mergeAll(servers, secretsFile(location), Cipher.layer)
