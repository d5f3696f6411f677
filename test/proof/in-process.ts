import * as Crypto from "node:crypto"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { EnvironmentName, SecretName } from "../../src/domain/names.ts"
import type { Salt } from "../../src/domain/salt.ts"
import { environmentNames } from "../../src/domain/secrets-file/environments.ts"
import { layer as sdkSourcesLayer } from "../../src/main/sdk/layer.ts"
import { openEnvironment } from "../../src/programs/environment/open.ts"
import { layer as cipherLayer } from "../../src/services/cipher/layer.ts"
import { layerMemory as historyLayer } from "../../src/services/history/layer-memory.ts"
import { layerOf as homeLayerOf } from "../../src/services/home/layer.ts"
import { layer as keyCacheLayer } from "../../src/services/key-cache/layer.ts"
import { KeyDerivation } from "../../src/services/key-derivation/key-derivation.ts"
import { argon2idOfHashWasm, layerOf as derivationLayerOf } from "../../src/services/key-derivation/layer.ts"
import { layer as keyPinsLayer } from "../../src/services/key-pins/layer.ts"
import { layer as keySourceLayer } from "../../src/services/key-source/layer.ts"
import { layer as wordsLayer } from "../../src/services/passphrase-words/layer.ts"
import { layer as projectLayer } from "../../src/services/project/layer.ts"
import type { SdkSources } from "../../src/services/sdk-sources/sdk-sources.ts"
import { layer as secretsFileLayer } from "../../src/services/secrets-file/layer.ts"
import { SecretsFile } from "../../src/services/secrets-file/secrets-file.ts"
import { layer as sourceTreeLayer } from "../../src/services/source-tree/layer.ts"
import type { SourceTree } from "../../src/services/source-tree/source-tree.ts"
import { layerMemory as terminalLayer } from "../../src/services/terminal/layer-memory.ts"
import type { Services as OfSecrets } from "../support/machine.ts"

export type Services = OfSecrets | SdkSources | SourceTree

/** tako's programs over the real files of a lane; no terminal, no git. */
export const run = <A, E>(
  place: { readonly project: string; readonly home: string },
  program: Effect.Effect<A, E, Services>,
  variables: Readonly<Record<string, string>> = {}
): Promise<Either.Either<A, E>> => {
  const files = Layer.mergeAll(
    secretsFileLayer,
    keyCacheLayer,
    keyPinsLayer,
    historyLayer(),
    sourceTreeLayer,
    sdkSourcesLayer
  ).pipe(
    Layer.provideMerge(projectLayer({ directory: place.project })),
    Layer.provide(homeLayerOf({ TAKO_HOME: place.home }))
  )
  const people = Layer.mergeAll(terminalLayer({ isThere: false }), wordsLayer, cipherLayer, derivation)
  return Effect.runPromise(
    Effect.either(
      Effect.provide(program, Layer.provideMerge(keySourceLayer, Layer.mergeAll(people, files)))
    ).pipe(
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))
    ) as Effect.Effect<Either.Either<A, E>>
  )
}

/** Uses the real Argon2 for a moment, because the program under trial must derive the same key. */
const real = new Map<string, Promise<Uint8Array>>()
const quick = { on: false }

/** Sets whether new salts get a cheap key that only this process knows, and returns the previous setting. */
export const deriveCheaply = (on = true): boolean => {
  const was = quick.on
  quick.on = on
  return was
}

const derivation: Layer.Layer<KeyDerivation> = derivationLayerOf(async (input) => {
  const id = Buffer.concat([input.nonce, input.message]).toString("base64")
  const known = real.get(id)
  if (known !== undefined) return (await known).slice()
  if (quick.on) return Crypto.createHmac("sha256", input.nonce).update(input.message).digest()
  const derived = argon2idOfHashWasm({ ...input, message: input.message.slice(), nonce: input.nonce.slice() })
  real.set(id, derived)
  return (await derived).slice()
})

export const keyOf = (passphrase: string, salt: Salt) =>
  Effect.runPromise(
    Effect.provide(
      Effect.flatMap(KeyDerivation, ({ derive }) => derive(Redacted.make(passphrase), salt)),
      derivation
    )
  )

export const environment = (name: string) => name as EnvironmentName
export const secret = (name: string) => name as SecretName

/** Every value, by environment and name, opened with this machine's keys; fails if one does not open. */
export const openAll = Effect.gen(function* () {
  const file = yield* SecretsFile
  const environments = yield* file.read
  const values: Record<string, Record<string, string>> = {}
  for (const name of environmentNames(environments)) {
    const opened = yield* openEnvironment(name)
    values[name] = Object.fromEntries(
      [...opened]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([secret, value]) => [secret, Redacted.value(value)])
    )
  }
  return values
})

export const orThrow = <A, E>(result: Either.Either<A, E>): A =>
  Either.getOrThrowWith(
    result,
    (error) => new Error(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  )
