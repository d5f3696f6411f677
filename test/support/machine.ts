import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Pins from "../../src/domain/pins.ts"
import { type Environments, empty } from "../../src/domain/secrets-file/environments.ts"
import { print } from "../../src/domain/secrets-file/print.ts"
import type { Cipher } from "../../src/services/cipher/cipher.ts"
import { layer as cipherLayer } from "../../src/services/cipher/layer.ts"
import type { Commit, History } from "../../src/services/history/history.ts"
import { type Addition, layerMemory as historyLayer } from "../../src/services/history/layer-memory.ts"
import { KeyCache } from "../../src/services/key-cache/key-cache.ts"
import { layerMemory as keyCacheLayer } from "../../src/services/key-cache/layer-memory.ts"
import type { KeyDerivation } from "../../src/services/key-derivation/key-derivation.ts"
import { layerMemory as derivationLayer } from "../../src/services/key-derivation/layer-memory.ts"
import type { KeyPins } from "../../src/services/key-pins/key-pins.ts"
import { layerMemoryOf as keyPinsLayer } from "../../src/services/key-pins/layer-memory.ts"
import type { KeySource } from "../../src/services/key-source/key-source.ts"
import { layer as keySourceLayer } from "../../src/services/key-source/layer.ts"
import { layerMemory as wordsLayer } from "../../src/services/passphrase-words/layer-memory.ts"
import type { PassphraseWords } from "../../src/services/passphrase-words/passphrase-words.ts"
import { layerMemory as projectLayer } from "../../src/services/project/layer-memory.ts"
import type { Project } from "../../src/services/project/project.ts"
import { layerMemoryOf as secretsFileLayer } from "../../src/services/secrets-file/layer-memory.ts"
import { SecretsFile } from "../../src/services/secrets-file/secrets-file.ts"
import {
  type interrupt,
  type Said,
  TerminalTranscript,
  layerMemory as terminalLayer
} from "../../src/services/terminal/layer-memory.ts"
import type { Terminal } from "../../src/services/terminal/terminal.ts"

export type Services =
  | Cipher
  | History
  | KeyCache
  | KeyDerivation
  | KeyPins
  | KeySource
  | PassphraseWords
  | Project
  | SecretsFile
  | Terminal

/** The circumstances of one command: a tako.toml, variables, and a user at a terminal or none. */
export interface Situation {
  readonly file?: SecretsFile["Type"]
  readonly project?: string
  /** The project's tako.toml. */
  readonly toml?: string
  readonly variables?: Readonly<Record<string, string>>
  readonly answers?: ReadonlyArray<string | typeof interrupt>
  readonly commits?: ReadonlyArray<Addition>
  /** Earlier versions of the secrets file, the newest last, and why there may be more. */
  readonly versions?: ReadonlyArray<
    { readonly commit: Commit } & ({ readonly environments: Environments } | { readonly text: string })
  >
  readonly missingHistory?: "shallow" | "failed"
  /** Receives the terminal's output and questions. */
  readonly said?: Ref.Ref<ReadonlyArray<Said>>
}

/** Replaces the secrets file. */
export const secretsFile = (environments: Environments = empty) =>
  Effect.map(Layer.build(secretsFileLayer(environments)), (context) => Context.get(context, SecretsFile))

/** A machine in memory, whose keys and pins persist between commands. It has no terminal unless there are answers. */
export const machine = Effect.gen(function* () {
  const cache = Context.get(yield* Layer.build(keyCacheLayer), KeyCache)
  const pins = yield* Ref.make(Pins.empty)
  const ownFile = yield* secretsFile()
  const run = <A, E, R extends Services>(command: Effect.Effect<A, E, R>, situation: Situation = {}) => {
    const { project = "/project", variables = {}, answers } = situation
    const files = new Map(situation.toml === undefined ? [] : [["tako.toml", situation.toml]])
    const projects = projectLayer({ root: project, files })
    const dependencies = Layer.mergeAll(
      cipherLayer,
      derivationLayer,
      wordsLayer,
      Layer.succeed(KeyCache, cache),
      Layer.succeed(SecretsFile, situation.file ?? ownFile),
      Layer.provideMerge(keyPinsLayer(pins), projects),
      historyLayer({
        commits: situation.commits ?? [],
        versions: (situation.versions ?? []).map((version) => ({
          path: (situation.file ?? ownFile).path,
          commit: version.commit,
          content: Buffer.from("text" in version ? version.text : print(version.environments))
        })),
        ...(situation.missingHistory !== undefined && { missing: situation.missingHistory })
      }),
      terminalLayer({ isThere: answers !== undefined, answers: answers ?? [] })
    )
    const noting = Effect.ensuring(
      command,
      Effect.flatMap(Effect.flatten(TerminalTranscript), (said) =>
        situation.said === undefined ? Effect.void : Ref.set(situation.said, said)
      )
    )
    return noting.pipe(
      Effect.provide(Layer.provideMerge(keySourceLayer, dependencies)),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))
    ) as Effect.Effect<A, E>
  }
  return { run, cache, pins, file: ownFile }
})
