/**
 * Text from elsewhere (a file, a commit, an argument) as one line that a terminal may show: control characters (ESC among
 * them), line separators, and the invisible marks that turn the direction of writing (UAX #9) become U+FFFD. What is
 * left cannot move the cursor or pose as something else.
 */
export const printable = (text: string): string => text.replace(unfit, replacement)

/** The same for a text of several lines. */
export const printableLines = (text: string): string => text.replace(unfitButNewline, replacement)

const replacement = "\uFFFD"
const unfit = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]|\p{Cs}/gu
const unfitButNewline = new RegExp(`(?!\\n)(?:${unfit.source})`, unfit.flags)
