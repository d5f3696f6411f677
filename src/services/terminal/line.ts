import { maxValueLength } from "../../domain/sealed-value.ts"
import * as Keys from "./keys.ts"

/** A line that is being typed. It does not depend on how its bytes were split into chunks. */
export interface Line {
  readonly decoder: Keys.Decoder
  /** As typed; not necessarily valid UTF-8. */
  readonly bytes: Uint8Array
  /** How many "*" represent it. */
  readonly stars: number
  /** How many of those represent the last paste. */
  readonly pasteStars: number
  readonly end: "open" | "entered" | "interrupted"
  /** Text arrived after Enter. */
  readonly more: boolean
  readonly tooLarge: boolean
  /** How many times Ctrl-Z was pressed. */
  readonly suspensions: number
}

/** The longest value and one newline. */
export const limit = maxValueLength + 1

/** The number of "*" for a paste of any length. */
export const maxPasteStars = 36

export const empty: Line = {
  decoder: Keys.start,
  bytes: new Uint8Array(0),
  stars: 0,
  pasteStars: 0,
  end: "open",
  more: false,
  tooLarge: false,
  suspensions: 0
}

/** The line after more bytes: feed(feed(line, a), b) equals feed(line, ab). */
export const feed = (line: Line, chunk: Uint8Array): Line => {
  const [decoder, keys] = Keys.decode(line.decoder, chunk)
  return { ...keys.reduce(press, line), decoder }
}

/** The line after nothing has arrived for a while. */
export const endEscape = (line: Line): Line => ({ ...line, decoder: Keys.endEscape(line.decoder) })

/** Drops one final line break, which is easily included in a paste. */
export const withoutFinalBreak = (line: Line): Uint8Array =>
  line.bytes.at(-1) === LF ? line.bytes.subarray(0, -1) : line.bytes

const press = (line: Line, key: Keys.Key): Line => {
  if (line.end === "interrupted") return line
  if (key._tag === "Interrupt") return { ...line, end: "interrupted" }
  if (line.end === "entered")
    return key._tag === "Text" && key.bytes.some(isNotBreak) ? { ...line, more: true } : line
  switch (key._tag) {
    case "Text":
      return append(line, key.bytes, key.pasted)
    case "PasteStart":
      return { ...line, pasteStars: 0 }
    case "Enter":
      return { ...line, end: "entered" }
    case "Backspace":
      return cut(line, beforeLastCharacter(line.bytes))
    case "EraseWord":
      return cut(line, beforeLastWord(line.bytes))
    case "EraseLine":
      return { ...cut(line, 0), tooLarge: false }
    case "EndOfInput":
      return line.bytes.length === 0 ? { ...line, end: "interrupted" } : line
    case "Suspend":
      return { ...line, suspensions: line.suspensions + 1 }
  }
}

const append = (line: Line, added: Uint8Array, pasted: boolean): Line => {
  const room = limit - line.bytes.length
  const kept = added.subarray(0, room)
  const bytes = new Uint8Array(line.bytes.length + kept.length)
  bytes.set(line.bytes)
  bytes.set(kept, line.bytes.length)
  const characters = countCharacters(kept)
  const stars = pasted ? Math.min(characters, maxPasteStars - line.pasteStars) : characters
  return {
    ...line,
    bytes,
    stars: line.stars + stars,
    pasteStars: pasted ? line.pasteStars + stars : line.pasteStars,
    tooLarge: line.tooLarge || added.length > room
  }
}

const cut = (line: Line, length: number): Line => {
  const bytes = line.bytes.subarray(0, length)
  return { ...line, bytes, stars: Math.min(line.stars, countCharacters(bytes)) }
}

const LF = 0x0a

const isNotBreak = (byte: number): boolean => byte !== LF

/** Counts characters of UTF-8: every byte but the first of a character is 10xxxxxx (RFC 3629 §3). */
const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === LF

const countCharacters = (bytes: Uint8Array): number => {
  let count = 0
  for (const byte of bytes) if (!isContinuation(byte)) count += 1
  return count
}

const beforeLastCharacter = (bytes: Uint8Array): number => {
  let at = bytes.length - 1
  while (at > 0 && at > bytes.length - 4 && isContinuation(bytes[at])) at -= 1
  return Math.max(at, 0)
}

const beforeLastWord = (bytes: Uint8Array): number => {
  let at = bytes.length
  while (at > 0 && isBlank(bytes[at - 1])) at -= 1
  while (at > 0 && !isBlank(bytes[at - 1])) at -= 1
  return at
}
