/**
 * Makes text from elsewhere (a file, a commit, an argument, a server) safe to show on one line. Each character that could control
 * a terminal, or that nobody sees, becomes U+FFFD: control characters (including ESC), line separators, and format characters and
 * others that take no space, such as bidirectional marks (UAX #9), joiners, blanks without a width, and tags. The result can neither
 * move the cursor nor pose as something else.
 */
export const printable = (text: string): string =>
  ascii.test(text) ? text : text.replace(unfit, replacement)

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.split("\n").map(printable).join("\n")

/** Escapes the same characters in JSON, which stays equal. JSON.stringify escapes only control characters up to U+001F (RFC 8259 §7). */
export const printableJson = (json: string): string =>
  json
    .split("\n")
    .map((line) => (ascii.test(line) ? line : line.replace(unfit, jsonEscape)))
    .join("\n")

const replacement = "\uFFFD"

const jsonEscape = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`
  ).join("")

const ascii = /^[ -~]*$/

// What makes one emoji of several characters (UTS #51) is fit where it does: a variation selector after an emoji, a keycap's, and a
// joiner between two emoji.
const unfit =
  /(?!(?<=\p{ExtPict})[\uFE0E\uFE0F]|\uFE0F\u20E3|(?<=\p{ExtPict}[\uFE0F\p{EMod}]?)\u200D(?=\p{ExtPict}))[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{DI}]|\p{Cs}/gu
