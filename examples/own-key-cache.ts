// One layer replaced by our own: keys stay in this process alone, and the passphrase, asked for once, is enough for all.
import { createHash } from "node:crypto"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { KeyCache, Layers, Names, Programs } from "tako"

const keys = new Map<string, Uint8Array>()
const inThisProcess = Layer.succeed(KeyCache, {
  idOf: (salt) =>
    createHash("sha256").update(salt).digest("hex").slice(0, 16) as ReturnType<KeyCache["Type"]["idOf"]>,
  // Whoever finds one overwrites it when done, so it is a copy.
  find: (salt) =>
    Effect.sync(() => Option.map(Option.fromNullable(keys.get(salt)), (key) => Redacted.make(key.slice()))),
  keep: (salt, key) =>
    Effect.sync(() => void keys.set(salt, Redacted.value(key).slice())).pipe(Effect.as("this process")),
  forget: (salt) => Effect.sync(() => keys.delete(salt))
})

const layers = Layers.keySource.pipe(
  Layer.provideMerge(
    Layer.mergeAll(Layers.cipher, Layers.keyDerivation, Layers.passphraseWords, Layers.terminal)
  ),
  Layer.provideMerge(Layer.mergeAll(inThisProcess, Layers.keyPins, Layers.secretsFile)),
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
