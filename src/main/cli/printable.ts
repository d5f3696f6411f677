// C0 and C1 controls, DEL, the line separators, and the marks that turn the direction of text around (UAX #9), which
// make a terminal show something else than what is there.
const unprintable = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const unprintableButNewline = /(?!\n)[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const escape = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`

/** One line of text that came from a file or an argument, such that it cannot drive the terminal: "\u{1b}[2J". */
export const printable = (text: string): string => text.replace(unprintable, escape)

/** The same for a text of several lines. */
export const printableLines = (text: string): string => text.replace(unprintableButNewline, escape)
