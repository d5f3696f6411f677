/** Why a text is not strict JSON. */
export type JsonFault = "not-json" | "duplicate-key" | "too-deep" | "number-too-large"

/** Deeper than any real file; bounds the recursion of JSON.stringify when the file is written back. */
const maxDepth = 64

/**
 * Rejects what JSON.parse tolerates: duplicate keys, nesting beyond 64 levels, and numbers that
 * would be written back differently. Faults never contain input.
 */
export const parse = (text: string): { readonly value: unknown } | { readonly fault: JsonFault } => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { fault: "not-json" }
  }
  const fault = findFault(text)
  return fault === undefined ? { value } : { fault }
}

const [quote, backslash, colon, minus, dot] = [0x22, 0x5c, 0x3a, 0x2d, 0x2e]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]

/**
 * Scans a text that JSON.parse has accepted in one pass, without recursion or copying: a line
 * may have 16 MiB, and the reader has other clients to serve.
 */
const findFault = (text: string): JsonFault | undefined => {
  const open: Array<Set<string> | undefined> = []
  let string: readonly [start: number, end: number] = [0, 0]
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      string = [at, endOfString(text, at)]
      at = string[1]
      continue
    }
    if (code === minus || isDigit(code)) {
      const end = endOfNumber(text, at)
      if (!isExact(text, at, end) && losesDigits(text.slice(at, end))) return "number-too-large"
      at = end
      continue
    }
    if (code === openBrace || code === openBracket) {
      open.push(code === openBrace ? new Set() : undefined)
      if (open.length > maxDepth) return "too-deep"
    } else if (code === closeBrace || code === closeBracket) {
      open.pop()
    } else if (code === colon) {
      const keys = open[open.length - 1]
      const key = JSON.parse(text.slice(...string)) as string
      if (keys?.has(key)) return "duplicate-key"
      keys?.add(key)
    }
    at++
  }
  return undefined
}

/** Skips quotes that are escaped by an odd number of backslashes. */
const endOfString = (text: string, start: number): number => {
  for (let at = text.indexOf('"', start + 1); ; at = text.indexOf('"', at + 1)) {
    let before = at
    while (text.charCodeAt(before - 1) === backslash) before--
    if ((at - before) % 2 === 0) return at + 1
  }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

const isExponent = (code: number): boolean => code === 0x65 || code === 0x45

const endOfNumber = (text: string, start: number): number => {
  let at = start
  for (;;) {
    const code = text.charCodeAt(at)
    if (!(isDigit(code) || code === minus || code === dot || code === 0x2b || isExponent(code))) return at
    at++
  }
}

/** The fast path for most numbers: a double is exact up to 15 digits, with an exponent of two. */
const isExact = (text: string, start: number, end: number): boolean => {
  if (end - start > 15) return false
  let at = start
  while (at < end && !isExponent(text.charCodeAt(at))) at++
  return end - at <= 3
}

const losesDigits = (token: string): boolean =>
  token.length > longestNumber || decimal(token) !== decimal(String(Number(token)))

/** JSON.stringify writes no number with more than 25 characters. */
const longestNumber = 64

/** Normalizes a decimal number. */
const decimal = (text: string): string | undefined => {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text)
  if (parts === null) return undefined
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts
  const digits = (whole + fraction).replace(/^0+/, "")
  const significant = digits.replace(/0+$/, "")
  if (significant === "") return "0"
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}
