import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Cipher } from "../cipher/cipher.ts"
import type { KeyCache } from "../key-cache/key-cache.ts"
import type { KeyDerivation } from "../key-derivation/key-derivation.ts"
import type { KeyPins } from "../key-pins/key-pins.ts"
import type { PassphraseWords } from "../passphrase-words/passphrase-words.ts"
import type { Terminal } from "../terminal/terminal.ts"
import { establish } from "./establish.ts"
import { KeySource } from "./key-source.ts"
import { knownPassphrase } from "./known-passphrase.ts"
import * as Questions from "./questions.ts"
import { remember } from "./remembered.ts"
import { unlock } from "./unlock.ts"

type Dependencies = Cipher | KeyCache | KeyDerivation | KeyPins | PassphraseWords | Terminal

/** The variables are read through the current ConfigProvider. */
export const layer: Layer.Layer<KeySource, never, Dependencies> = Layer.effect(
  KeySource,
  Effect.map(Effect.context<Dependencies>(), (context) => ({
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
