import * as Redacted from "effect/Redacted"

/**
 * The passphrase as typed, then in the Unicode forms NFC and NFD (UAX #15) where they differ: macOS and Linux keyboards
 * do not agree on how "ä" is written.
 */
export const spellings = (typed: Redacted.Redacted<string>): ReadonlyArray<Redacted.Redacted<string>> => {
  const text = Redacted.value(typed)
  return [...new Set([text, text.normalize("NFC"), text.normalize("NFD")])].map((spelling) =>
    Redacted.make(spelling)
  )
}
