import * as Crypto from "node:crypto"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as SecretSet from "../../domain/app/secret-set.ts"
import * as Key from "../../domain/key.ts"
import { nonceLength, partsOf, tagLength } from "../../domain/sealed-value.ts"
import * as Gcm from "../cipher/aes-gcm.ts"
import { additionalData, hashKeyOf, hashOf } from "./messages.ts"
import type { ServerKey } from "./server-key.ts"

/** The service over a key, which is overwritten when the scope closes. */
export const ofKey = (
  origin: Context.Tag.Service<ServerKey>["origin"],
  key: Key.Key
): Effect.Effect<Context.Tag.Service<ServerKey>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => ({ key: Redacted.value(key), hashKey: hashKeyOf(Redacted.value(key)) })),
      ({ hashKey }) =>
        Effect.sync(() => {
          Key.wipe(key)
          hashKey.fill(0)
        })
    ),
    ({ key, hashKey }) => ({
      origin,
      seal: (place, secrets) =>
        Effect.sync(() => {
          const plaintext = Buffer.from(Redacted.value(SecretSet.encode(secrets)), "utf8")
          const parts = Gcm.seal(key, Crypto.randomBytes(nonceLength), plaintext, additionalData(place))
          plaintext.fill(0)
          return Buffer.concat([parts.nonce, parts.ciphertext, parts.tag])
        }),
      open: (place, sealed) =>
        Effect.sync(() => {
          if (sealed.length < nonceLength + tagLength) return Option.none()
          return Option.flatMap(Gcm.open(key, partsOf(sealed), additionalData(place)), (plaintext) => {
            const secrets = SecretSet.decode(
              Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length).toString("utf8")
            )
            plaintext.fill(0)
            return Option.fromNullable(secrets)
          })
        }),
      hash: (app, secrets) => Effect.sync(() => hashOf(hashKey, app, secrets))
    })
  )
