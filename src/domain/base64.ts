import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"

/** Standard base64 with padding (RFC 4648 §4). */
export const encode = (bytes: Uint8Array): string => Encoding.encodeBase64(bytes)

/** Whether the text is the canonical encoding of some bytes (RFC 4648 §3.5): padded, spare bits zero, no line breaks. */
export const isCanonical = (text: string): boolean => text.length % 4 === 0 && canonical.test(text)

/** How many bytes a canonical text encodes. */
export const byteLength = (text: string): number =>
  (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0)

/** Decodes a canonical text; none for any other. */
export const decode = (text: string): Option.Option<Uint8Array> =>
  isCanonical(text) ? Either.getRight(Encoding.decodeBase64(text)) : Option.none()

/** For a length that is a multiple of 4: the last character before the padding has its spare bits zero. */
const canonical = /^[A-Za-z0-9+/]*(?:[AEIMQUYcgkosw048]=|[AQgw]==|[A-Za-z0-9+/])?$/
