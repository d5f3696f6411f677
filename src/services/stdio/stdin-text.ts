import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ValueRefused } from "../../domain/errors/secrets.ts"
import { decodeUtf8 } from "../../domain/utf8.ts"

/** 1 MiB. */
const largestValue = 1024 * 1024

/** When this many bytes were read the rest does not matter any more: a value and one newline are fewer. */
export const tooMany = largestValue + 2

/** All of stdin as text, unless it is more than a value of 1 MiB and one newline, or not UTF-8. */
export const stdinText = (bytes: Uint8Array): Effect.Effect<Redacted.Redacted<string>, ValueRefused> => {
  if (bytes.length - (bytes.at(-1) === 0x0a ? 1 : 0) > largestValue)
    return new ValueRefused({ reason: "too-large" })
  return Effect.mapBoth(decodeUtf8(bytes), {
    onFailure: () => new ValueRefused({ reason: "not-utf8" }),
    onSuccess: (text) => Redacted.make(text)
  })
}
