import type * as Brand from "effect/Brand"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Base64 from "./base64.ts"
import { ValueRefused } from "./errors/secrets.ts"
import { decodeUtf8 } from "./utf8.ts"

/**
 * One encrypted value as stored in the file: canonical base64 of nonce (12 bytes), ciphertext (0 bytes to
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

/** None for text that is not canonical base64, or that encodes fewer than 28 or more than 1 MiB + 28 bytes. */
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

/** Splits the bytes, of which there must be at least 28. */
export const partsOf = (bytes: Uint8Array): Parts => ({
  nonce: bytes.subarray(0, nonceLength),
  ciphertext: bytes.subarray(nonceLength, bytes.length - tagLength),
  tag: bytes.subarray(bytes.length - tagLength)
})

export const toParts = (sealed: SealedValue): Parts => partsOf(Option.getOrThrow(Base64.decode(sealed)))

/** The value if it can be stored: text without lone surrogates, at most 1 MiB of UTF-8, and not empty unless allowed. */
export const checkValue = (
  value: Redacted.Redacted<string>,
  options: { readonly allowEmpty: boolean }
): Either.Either<Redacted.Redacted<string>, ValueRefused> => {
  const text = Redacted.value(value)
  if (text.length === 0 && !options.allowEmpty) return refused("empty")
  if (/\p{Surrogate}/u.test(text)) return refused("lone-surrogate")
  if (new TextEncoder().encode(text).length > maxValueLength) return refused("too-large")
  return Either.right(value)
}

/** Decodes a value that was typed or read: at most 1 MiB of UTF-8. */
export const decodeValue = (bytes: Uint8Array): Either.Either<Redacted.Redacted<string>, ValueRefused> =>
  bytes.length > maxValueLength
    ? refused("too-large")
    : Either.fromOption(
        Option.map(decodeUtf8(bytes), Redacted.make),
        () => new ValueRefused({ reason: "not-utf8" })
      )

const refused = (reason: ValueRefused["reason"]) => Either.left(new ValueRefused({ reason }))
