/** Why a text is not JSON as we take it. */
export type JsonFault = "not-json" | "duplicate-key" | "too-deep" | "number-too-large"

/** Deeper nesting than any real file has; bounds the recursion of JSON.stringify when the file is written again. */
const maxDepth = 64

// The string is written out as a loop of runs: as an alternation of characters it is ten times as slow.
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|-?\d[\d.eE+-]*/g

/**
 * JSON without what JSON.parse lets pass: a key twice in one object, nesting beyond 64 levels, and numbers that
 * would be written back as another number. Faults carry no text of the input.
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

/** Walks the tokens of a text that JSON.parse has accepted. */
const findFault = (text: string): JsonFault | undefined => {
  const open: Array<Set<string> | undefined> = []
  let lastString = ""
  for (const [token] of text.matchAll(tokens)) {
    switch (token[0]) {
      case "{":
      case "[":
        open.push(token === "{" ? new Set() : undefined)
        if (open.length > maxDepth) return "too-deep"
        break
      case "}":
      case "]":
        open.pop()
        break
      case '"':
        lastString = token
        break
      case ":": {
        const keys = open.at(-1)
        const key = JSON.parse(lastString) as string
        if (keys?.has(key)) return "duplicate-key"
        keys?.add(key)
        break
      }
      case ",":
        break
      default:
        if (losesDigits(token)) return "number-too-large"
    }
  }
  return undefined
}

const losesDigits = (token: string): boolean =>
  token.length > longestNumber || decimal(token) !== decimal(String(Number(token)))

/** JSON.stringify writes no number with more than 25 characters. */
const longestNumber = 64

/** One spelling for each decimal number. */
const decimal = (text: string): string | undefined => {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text)
  if (parts === null) return undefined
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts
  const digits = (whole + fraction).replace(/^0+/, "")
  const significant = digits.replace(/0+$/, "")
  if (significant === "") return "0"
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}
