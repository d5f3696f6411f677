import * as Crypto from "node:crypto"
import * as Salt from "../../domain/salt.ts"

const randomLength = 12

const mark = (random: Uint8Array): Uint8Array =>
  Crypto.createHash("sha256")
    .update("tako/salt/v1")
    .update(random)
    .digest()
    .subarray(0, Salt.byteLength - randomLength)

/** A salt that says of itself that its environment's values are bound: 12 random bytes, 4 of a hash over them. */
export const fromRandom = (random: Uint8Array): Salt.Salt => {
  if (random.length !== randomLength) throw new RangeError(`a marked salt has ${randomLength} random bytes`)
  return Salt.fromBytes(Buffer.concat([random, mark(random)]))
}

export const make = (randomBytes: (length: number) => Uint8Array): Salt.Salt =>
  fromRandom(randomBytes(randomLength))

/** One in 2^32 of unmarked salts looks marked; sealing the environment anew under a new salt mends that. */
export const isMarked = (salt: Salt.Salt): boolean => {
  const bytes = Salt.toBytes(salt)
  return Buffer.compare(mark(bytes.subarray(0, randomLength)), bytes.subarray(randomLength)) === 0
}
