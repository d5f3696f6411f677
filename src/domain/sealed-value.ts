import type * as Brand from "effect/Brand"
import * as Option from "effect/Option"
import * as Base64 from "./base64.ts"

/**
 * One encrypted value as it stands in the file: canonical base64 of nonce (12 bytes), ciphertext (0 bytes to
 * 1 MiB) and tag (16 bytes).
 */
export type SealedValue = string & Brand.Brand<"SealedValue">

export const nonceLength = 12
export const tagLength = 16
/** The longest value, in bytes of UTF-8: 1 MiB. */
export const maxValueLength = 1024 * 1024

export interface Parts {
  readonly nonce: Uint8Array
  readonly ciphertext: Uint8Array
  readonly tag: Uint8Array
}

const overhead = nonceLength + tagLength

/** None for a text that is not canonical base64, or of fewer than 28 or more than 1 MiB + 28 bytes. */
export const fromText = (text: string): Option.Option<SealedValue> => {
  const length = Base64.byteLength(text)
  return length >= overhead && length <= maxValueLength + overhead && Base64.isCanonical(text)
    ? Option.some(text as SealedValue)
    : Option.none()
}

export const fromParts = ({ nonce, ciphertext, tag }: Parts): SealedValue => {
  const bytes = new Uint8Array(overhead + ciphertext.length)
  bytes.set(nonce, 0)
  bytes.set(ciphertext, nonceLength)
  bytes.set(tag, nonceLength + ciphertext.length)
  return Base64.encode(bytes) as SealedValue
}

/** Takes the bytes apart: at least 28 of them. */
export const partsOf = (bytes: Uint8Array): Parts => ({
  nonce: bytes.subarray(0, nonceLength),
  ciphertext: bytes.subarray(nonceLength, bytes.length - tagLength),
  tag: bytes.subarray(bytes.length - tagLength)
})

export const toParts = (sealed: SealedValue): Parts => partsOf(Option.getOrThrow(Base64.decode(sealed)))
