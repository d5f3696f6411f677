import * as Crypto from "node:crypto"
import * as Option from "effect/Option"
import { nonceLength, type Parts, tagLength } from "../../domain/sealed-value.ts"

const none = new Uint8Array()

/** AES-GCM (NIST SP 800-38D) with a 96-bit nonce and a 128-bit tag; the key's length makes it AES-256, -192 or -128. */
export const seal = (
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  additionalData = none
): Parts => {
  if (nonce.length !== nonceLength) throw new RangeError(`a nonce has ${nonceLength} bytes`)
  const cipher = Crypto.createCipheriv(algorithm(key), key, nonce, { authTagLength: tagLength })
  cipher.setAAD(additionalData)
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return { nonce, ciphertext, tag: cipher.getAuthTag() }
}

/** None if the tag does not match; a tag or nonce of the wrong length is never tried. */
export const open = (
  key: Uint8Array,
  { nonce, ciphertext, tag }: Parts,
  additionalData = none
): Option.Option<Uint8Array> => {
  if (nonce.length !== nonceLength || tag.length !== tagLength) return Option.none()
  const decipher = Crypto.createDecipheriv(algorithm(key), key, nonce, { authTagLength: tagLength })
  decipher.setAuthTag(tag)
  decipher.setAAD(additionalData)
  const plaintext = decipher.update(ciphertext)
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    return Option.none()
  }
  return Option.some(plaintext)
}

const algorithm = (key: Uint8Array): Crypto.CipherGCMTypes => {
  switch (key.length) {
    case 16:
      return "aes-128-gcm"
    case 24:
      return "aes-192-gcm"
    case 32:
      return "aes-256-gcm"
    default:
      throw new RangeError("a key has 16, 24 or 32 bytes")
  }
}
