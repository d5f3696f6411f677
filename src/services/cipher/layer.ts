import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Key, KeyId } from "../../domain/key.ts"
import type { Salt } from "../../domain/salt.ts"
import * as SealedValue from "../../domain/sealed-value.ts"
import { decodeUtf8 } from "../../domain/utf8.ts"
import * as Gcm from "./aes-gcm.ts"
import * as Binding from "./binding.ts"
import { Cipher } from "./cipher.ts"

/** The cipher with injectable randomness, so that golden files can be reproduced. */
export const layerOf = (randomBytes: (length: number) => Uint8Array): Layer.Layer<Cipher> =>
  Layer.sync(Cipher, () => {
    const bindKeys = new WeakMap<Key, Uint8Array>()
    const bindKeyOf = (key: Key) => {
      const known = bindKeys.get(key)
      if (known !== undefined) return known
      const bindKey = Binding.bindKeyOf(Redacted.value(key))
      bindKeys.set(key, bindKey)
      return bindKey
    }
    return {
      seal: (key, place, value) =>
        Effect.sync(() => {
          const plaintext = new TextEncoder().encode(Redacted.value(value))
          const random = randomBytes(Binding.randomLength)
          const nonce = Binding.boundNonce(bindKeyOf(key), place, random, plaintext)
          const parts = Gcm.seal(Redacted.value(key), nonce, plaintext)
          plaintext.fill(0)
          return SealedValue.fromParts(parts)
        }),
      open: (key, sealed) =>
        Effect.sync(() => {
          // Its type guarantees canonical base64, and Node decodes it ten times as fast as a strict reader.
          const parts = SealedValue.partsOf(Buffer.from(sealed, "base64"))
          return Option.flatMap(Gcm.open(Redacted.value(key), parts), (plaintext) =>
            Option.map(decodeUtf8(plaintext), (text) => ({
              value: Redacted.make(text),
              boundTo: (place) => Binding.isBound(bindKeyOf(key), place, parts.nonce, plaintext)
            }))
          )
        }),
      newSalt: Effect.sync(() => Binding.newMarkedSalt(randomBytes)),
      isMarked: Binding.isMarkedSalt,
      keyIdOf
    }
  })

export const layer: Layer.Layer<Cipher> = layerOf((length) => Crypto.randomBytes(length))

/** See Cipher.keyIdOf. */
export const keyIdOf = (salt: Salt): KeyId =>
  Crypto.createHash("sha256").update(salt).digest("hex").slice(0, 16) as KeyId
