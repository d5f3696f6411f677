/**
 * Text from a file as one line that a terminal may show: control characters (ESC among them), line separators, and the
 * marks that turn the direction of writing become U+FFFD. What is left cannot move the cursor or pose as another line.
 */
export const printable = (text: string): string => text.replace(unfit, "\uFFFD")

const unfit = /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]|\p{Cs}/gu
