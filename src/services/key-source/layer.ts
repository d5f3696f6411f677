import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Cipher } from "../cipher/cipher.ts"
import { KeyCache } from "../key-cache/key-cache.ts"
import { KeyDerivation } from "../key-derivation/key-derivation.ts"
import { KeyPins } from "../key-pins/key-pins.ts"
import { PassphraseWords } from "../passphrase-words/passphrase-words.ts"
import { Terminal } from "../terminal/terminal.ts"
import { establish } from "./establish.ts"
import { KeySource } from "./key-source.ts"
import { knownPassphrase } from "./known-passphrase.ts"
import * as Questions from "./questions.ts"
import { remember } from "./remembered.ts"
import { unlock } from "./unlock.ts"

type Dependencies = Cipher | KeyCache | KeyDerivation | KeyPins | PassphraseWords | Terminal

/** These alone: with the rest of the layer's context its scope would come along, and keys would live as long as it. */
const dependencies = Context.pick(Cipher, KeyCache, KeyDerivation, KeyPins, PassphraseWords, Terminal)

/** The variables are read through the current ConfigProvider. */
export const layer: Layer.Layer<KeySource, never, Dependencies> = Layer.effect(
  KeySource,
  Effect.map(Effect.map(Effect.context<Dependencies>(), dependencies), (context) => ({
    unlock: (name, environment, options) => Effect.provide(unlock(name, environment, options), context),
    establish: (name, salt, options) =>
      Effect.map(Effect.provide(establish(name, salt, options), context), ({ key, remember }) => ({
        key,
        remember: Effect.provide(remember, context)
      })),
    passphrase: (name, environment) => Effect.provide(knownPassphrase(name, environment), context),
    choosePassphrase: (name, introduction) =>
      Effect.provide(Questions.newPassphrase(name, introduction), context),
    remember: (name, salt, key) => Effect.provide(remember(name, salt, key), context)
  }))
)
