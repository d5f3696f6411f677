import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"

/** Standard base64 with padding (RFC 4648 §4). */
export const encode = (bytes: Uint8Array): string => Encoding.encodeBase64(bytes)

/** The bytes, if the text is the one canonical spelling of them (RFC 4648 §3.5): padded, no spare bits, no line breaks. */
export const decode = (text: string): Option.Option<Uint8Array> =>
  Either.match(Encoding.decodeBase64(text), {
    onLeft: () => Option.none(),
    onRight: (bytes) => (encode(bytes) === text ? Option.some(bytes) : Option.none())
  })
