import * as Crypto from "node:crypto"
import * as Redacted from "effect/Redacted"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import * as SecretSet from "../../domain/app/secret-set.ts"
import type { RevisionPlace } from "./server-key.ts"

/** x's length in four bytes, big-endian, and x. */
const lengthPrefixed = (text: string): ReadonlyArray<Uint8Array> => {
  const bytes = Buffer.from(text, "utf8")
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(bytes.length)
  return [length, bytes]
}

/** "tako/revision/v1" | lp(project) | lp(environment) | revision in eight bytes, big-endian. */
export const additionalData = ({ app, revision }: RevisionPlace): Uint8Array<ArrayBuffer> => {
  const { project, environment } = partsOf(app)
  const number = Buffer.allocUnsafe(8)
  number.writeBigUInt64BE(BigInt(revision))
  return Buffer.concat([
    Buffer.from("tako/revision/v1"),
    ...lengthPrefixed(project),
    ...lengthPrefixed(environment),
    number
  ])
}

/** HKDF-SHA256 (RFC 5869) of the server key, without salt, for this one purpose: 32 bytes. */
export const hashKeyOf = (key: Uint8Array): Uint8Array =>
  new Uint8Array(Crypto.hkdfSync("sha256", key, "", "tako/hash/v1", 32))

/** HMAC-SHA256 over lp(app) | lp(the set in its one encoding), as 64 hex digits. */
export const hashOf = (hashKey: Uint8Array, app: AppName, secrets: SecretSet.SecretSet): string => {
  const mac = Crypto.createHmac("sha256", hashKey)
  for (const part of lengthPrefixed(app)) mac.update(part)
  for (const part of lengthPrefixed(Redacted.value(SecretSet.encode(secrets)))) mac.update(part)
  return mac.digest("hex")
}
