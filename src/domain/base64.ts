import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"

/** Standard base64 with padding (RFC 4648 §4). */
export const encode = (bytes: Uint8Array): string => Encoding.encodeBase64(bytes)

/** The bytes, if the text is the one canonical spelling of them (RFC 4648 §3.5): padded, spare bits zero, no line breaks. */
export const decode = (text: string): Option.Option<Uint8Array> =>
  text.length % 4 === 0 && canonical.test(text) ? Either.getRight(Encoding.decodeBase64(text)) : Option.none()

/** With a length that is a multiple of 4: the last character before the padding has no bit but those that count. */
const canonical = /^[A-Za-z0-9+/]*(?:[AEIMQUYcgkosw048]=|[AQgw]==|[A-Za-z0-9+/])?$/
