// One layer replaced by our own: keys stay in this process alone, and the passphrase, asked for once, is enough for all.
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { KeyCache, Layers, Names, Programs } from "tako"

const keys = new Map<string, Uint8Array>()
const inThisProcess = Layer.succeed(KeyCache, {
  // Whoever finds one overwrites it when done, so it is a copy (a Buffer's slice is none).
  find: (id) =>
    Effect.sync(() =>
      Option.map(Option.fromNullable(keys.get(id)), (key) => Redacted.make(Uint8Array.from(key)))
    ),
  keep: (id, key) =>
    Effect.sync(() => void keys.set(id, Uint8Array.from(Redacted.value(key)))).pipe(
      Effect.as("this process")
    ),
  forget: (id) => Effect.sync(() => keys.delete(id))
})

const layers = Layers.keySource.pipe(
  Layer.provideMerge(
    Layer.mergeAll(Layers.cipher, Layers.keyDerivation, Layers.passphraseWords, Layers.terminal)
  ),
  Layer.provideMerge(Layer.mergeAll(inThisProcess, Layers.keyPins, Layers.secretsFile, Layers.history)),
  Layer.provide(Layers.home),
  Layer.provideMerge(Layers.project({ directory: process.cwd() }))
)

const environment = Names.EnvironmentName("production")
const program = Effect.gen(function* () {
  yield* Programs.derive(environment)
  const url = yield* Programs.get({ environment, secret: Names.SecretName("DATABASE_URL") })
  yield* Console.log(new URL(Redacted.value(url)).host, keys.size)
})

Effect.runPromise(Effect.provide(program, layers))
