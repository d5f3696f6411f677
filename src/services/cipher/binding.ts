import * as Crypto from "node:crypto"
import { byteLength as keyLength } from "../../domain/key.ts"
import * as Salt from "../../domain/salt.ts"
import { nonceLength } from "../../domain/sealed-value.ts"
import type { Place } from "./cipher.ts"

/** A bound nonce is 4 random bytes and 8 bytes of a MAC over the place and the value. */
export const randomLength = 4

/** The key of that MAC: HKDF-SHA256 (RFC 5869) of the environment's key, without a salt. */
export const bindKeyOf = (key: Uint8Array): Uint8Array =>
  new Uint8Array(Crypto.hkdfSync("sha256", key, "", "tako/bind/v1", keyLength))

export const boundNonce = (
  bindKey: Uint8Array,
  place: Place,
  random: Uint8Array,
  plaintext: Uint8Array
): Uint8Array => {
  const mac = Crypto.createHmac("sha256", bindKey)
    .update(message(place, random, plaintext))
    .digest()
  return Buffer.concat([random, mac.subarray(0, nonceLength - randomLength)])
}

/** Whether the nonce matches this place and value, compared in constant time. */
export const isBound = (
  bindKey: Uint8Array,
  place: Place,
  nonce: Uint8Array,
  plaintext: Uint8Array
): boolean =>
  Crypto.timingSafeEqual(boundNonce(bindKey, place, nonce.subarray(0, randomLength), plaintext), nonce)

/** lp(environment) | lp(secret) | random | plaintext, where lp(x) is the length of x in four bytes, big-endian, then x. */
const message = ({ environment, secret }: Place, random: Uint8Array, plaintext: Uint8Array): Uint8Array => {
  const names = [environment, secret].flatMap((name) => {
    const bytes = Buffer.from(name, "utf8")
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(bytes.length)
    return [length, bytes]
  })
  return Buffer.concat([...names, random, plaintext])
}

/** A marked salt is 12 random bytes and 4 bytes of a hash over them. */
const saltRandomLength = 12

/** A salt that marks its environment as one whose values must be bound to their places. */
export const newMarkedSalt = (randomBytes: (length: number) => Uint8Array): Salt.Salt => {
  const random = randomBytes(saltRandomLength)
  return Salt.fromBytes(Buffer.concat([random, markOf(random)]))
}

/** One in 2^32 unmarked salts looks marked; `key rotate` gives its environment a marked one. */
export const isMarkedSalt = (salt: Salt.Salt): boolean => {
  const bytes = Salt.toBytes(salt)
  const random = bytes.subarray(0, saltRandomLength)
  return Buffer.compare(markOf(random), bytes.subarray(saltRandomLength)) === 0
}

const markOf = (random: Uint8Array): Uint8Array =>
  Crypto.createHash("sha256")
    .update("tako/salt/v1")
    .update(random)
    .digest()
    .subarray(0, Salt.byteLength - saltRandomLength)
