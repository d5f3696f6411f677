import * as Crypto from "node:crypto"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { type AppName, partsOf as partsOfName } from "../../domain/app/app-name.ts"
import * as SecretSet from "../../domain/app/secret-set.ts"
import * as Key from "../../domain/key.ts"
import { nonceLength, partsOf, tagLength } from "../../domain/sealed-value.ts"
import * as Gcm from "../cipher/aes-gcm.ts"
import type { RevisionPlace, ServerKey } from "./server-key.ts"

/** The service for a key, which is overwritten when the scope closes. */
export const serverKeyFrom = (
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

/** x's length in four bytes, big-endian, and x. */
const lengthPrefixed = (text: string): ReadonlyArray<Uint8Array> => {
  const bytes = Buffer.from(text, "utf8")
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(bytes.length)
  return [length, bytes]
}

/** "tako/revision/v1" | lp(project) | lp(environment) | revision in eight bytes, big-endian. */
const additionalData = ({ app, revision }: RevisionPlace): Uint8Array<ArrayBuffer> => {
  const { project, environment } = partsOfName(app)
  const number = Buffer.allocUnsafe(8)
  number.writeBigUInt64BE(BigInt(revision))
  return Buffer.concat([
    Buffer.from("tako/revision/v1"),
    ...lengthPrefixed(project),
    ...lengthPrefixed(environment),
    number
  ])
}

/** HKDF-SHA256 (RFC 5869) of the server key, without salt, for this single purpose: 32 bytes. */
const hashKeyOf = (key: Uint8Array): Uint8Array =>
  new Uint8Array(Crypto.hkdfSync("sha256", key, "", "tako/hash/v1", 32))

/** HMAC-SHA256 over lp(app) | lp(the canonical encoding of the set), as 64 hex digits. */
const hashOf = (hashKey: Uint8Array, app: AppName, secrets: SecretSet.SecretSet): string => {
  const mac = Crypto.createHmac("sha256", hashKey)
  for (const part of lengthPrefixed(app)) mac.update(part)
  for (const part of lengthPrefixed(Redacted.value(SecretSet.encode(secrets)))) mac.update(part)
  return mac.digest("hex")
}
