/**
 * Makes text from elsewhere (a file, a commit, an argument) safe to show on one line: control characters (including
 * ESC), line separators and invisible bidirectional marks (UAX #9) become U+FFFD. The result
 * can neither move the cursor nor pose as something else.
 */
export const printable = (text: string): string => text.replace(unfit, replacement)

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.replace(unfitButNewline, replacement)

const replacement = "\uFFFD"
const unfit = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]|\p{Cs}/gu
const unfitButNewline = new RegExp(`(?!\\n)(?:${unfit.source})`, unfit.flags)
