import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/**
 * Why a passphrase is easy to guess, worded to follow "weak: "; none if no reason is found. Only length and
 * structure are checked, without a dictionary, so this cannot show that a passphrase is good.
 */
export const weakness = (passphrase: Redacted.Redacted<string>): Option.Option<string> => {
  const characters = [...Redacted.value(passphrase)]
  const text = characters.join("")
  if (characters.length < 12) return Option.some("it has fewer than 12 characters")
  if (new Set(characters).size < 6) return Option.some("it has only a few different characters")
  if (period(characters) <= characters.length / 2) return Option.some("it repeats itself")
  if (isRow(characters)) return Option.some("it is characters in their order")
  if (/^\p{Nd}+$/u.test(text) && characters.length < 20) return Option.some("it is digits only")
  if (/^\p{L}+\p{Nd}{0,4}[!.?]?$/u.test(text) && characters.length < 16) {
    return Option.some("it is a single short word")
  }
  return Option.none()
}

/** The length of the shortest prefix whose repetition yields the whole text. */
const period = (characters: ReadonlyArray<string>): number => {
  for (let length = 1; length < characters.length; length++) {
    if (characters.every((character, at) => character === characters[at % length])) return length
  }
  return characters.length
}

/** "abcdef…", "987654…": at least three of four steps go to the next character up, or down. */
const isRow = (characters: ReadonlyArray<string>): boolean => {
  const codes = characters.map((character) => character.codePointAt(0) as number)
  const steps = codes.slice(1).map((code, at) => code - (codes[at] as number))
  return [1, -1].some((step) => steps.filter((each) => each === step).length >= steps.length * 0.75)
}

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
