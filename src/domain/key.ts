import type * as Brand from "effect/Brand"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Base64 from "./base64.ts"

/** The 32 bytes that seal the values of one environment. The owner overwrites them when done: {@link wipe}. */
export type Key = Redacted.Redacted<Uint8Array>

/** Identifies a key: the first 16 hex digits of SHA-256 over the salt's base64 text. Reveals nothing about the key. */
export type KeyId = string & Brand.Brand<"KeyId">

export const byteLength = 32

export const isKeyId = (text: string): text is KeyId => /^[0-9a-f]{16}$/.test(text)

/** None for anything but the canonical base64 of 32 bytes. */
export const fromBase64 = (text: Redacted.Redacted<string>): Option.Option<Key> =>
  Base64.decode(Redacted.value(text)).pipe(
    Option.filter((bytes) => bytes.length === byteLength),
    Option.map((bytes) => Redacted.make(bytes))
  )

export const toBase64 = (key: Key): Redacted.Redacted<string> =>
  Redacted.make(Base64.encode(Redacted.value(key)))

export const wipe = (key: Key): void => {
  Redacted.value(key).fill(0)
}
