import type * as Brand from "effect/Brand"
import * as Option from "effect/Option"
import * as Base64 from "./base64.ts"

/** The salt of one environment: 16 bytes, stored as canonical base64 as in the file (24 characters). */
export type Salt = string & Brand.Brand<"Salt">

export const byteLength = 16

export const fromBytes = (bytes: Uint8Array): Salt => {
  if (bytes.length !== byteLength) throw new RangeError(`a salt has ${byteLength} bytes`)
  return Base64.encode(bytes) as Salt
}

/** None for anything but the canonical base64 of exactly 16 bytes. */
export const fromText = (text: string): Option.Option<Salt> =>
  Option.map(
    Option.filter(Base64.decode(text), (bytes) => bytes.length === byteLength),
    () => text as Salt
  )

export const toBytes = (salt: Salt): Uint8Array => Option.getOrThrow(Base64.decode(salt))
