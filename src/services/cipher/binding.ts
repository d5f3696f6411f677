import * as Crypto from "node:crypto"
import { byteLength as keyLength } from "../../domain/key.ts"
import { nonceLength } from "../../domain/sealed-value.ts"
import type { Place } from "./cipher.ts"

/** The random part of a bound nonce: 4 bytes. The other 8 are a MAC over the place and the value. */
export const randomLength = 4

/** HKDF-SHA256 (RFC 5869) of the environment's key, without salt, for this one purpose. */
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

/** Whether this nonce is the one that the place and the value give; takes the same time for every wrong one. */
export const isBound = (
  bindKey: Uint8Array,
  place: Place,
  nonce: Uint8Array,
  plaintext: Uint8Array
): boolean =>
  Crypto.timingSafeEqual(boundNonce(bindKey, place, nonce.subarray(0, randomLength), plaintext), nonce)

/** lp(environment) | lp(secret) | random | plaintext, where lp(x) is x's length in four bytes, big-endian, and x. */
const message = ({ environment, secret }: Place, random: Uint8Array, plaintext: Uint8Array): Uint8Array => {
  const names = [environment, secret].flatMap((name) => {
    const bytes = Buffer.from(name, "utf8")
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(bytes.length)
    return [length, bytes]
  })
  return Buffer.concat([...names, random, plaintext])
}
