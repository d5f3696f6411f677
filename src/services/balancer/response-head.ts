import { isFrontsOwn, isHopByHop, mayBeSpecial, namedBy } from "./fields.ts"

/** How the end of a response's body is told (RFC 9112 §6.3): a length in bytes, or one of the two others. */
export type Framing = number | "chunked" | "until-close"

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** Name, value, name, value: the end-to-end ones, in the order and case that the backend has sent them in. */
  readonly fields: Array<string>
  readonly framing: Framing
  /** Whether the backend lets the connection be used again, and for how many milliseconds it may be idle. */
  readonly keptFor: number
  /** What the connection becomes with status 101. */
  readonly upgrade: string | undefined
}

/** Longer than this, a backend's head is refused: bytes. */
export const headLimit = 65_536

const tab = 9
const space = 32

/** Reads a head without its last two CRLF. What is ambiguous or malformed is refused: undefined. */
export const parseHead = (text: string, idleLimit: number): ResponseHead | undefined => {
  let lineEnd = text.indexOf("\r\n")
  if (lineEnd < 0) lineEnd = text.length
  if (!text.startsWith("HTTP/1.") || text.charCodeAt(8) !== space) return undefined
  const minor = text.charCodeAt(7) - 48
  const status = Number(text.slice(9, 12))
  if ((minor !== 0 && minor !== 1) || !(status >= 100 && status <= 999)) return undefined
  if (lineEnd > 12 && text.charCodeAt(12) !== space) return undefined
  const reason = text.slice(13, lineEnd)

  const fields: Array<string> = []
  let length: string | undefined
  let coding: string | undefined
  let connection: string | undefined
  let keepAlive: string | undefined
  let upgrade: string | undefined
  while (lineEnd < text.length) {
    const start = lineEnd + 2
    lineEnd = text.indexOf("\r\n", start)
    if (lineEnd < 0) lineEnd = text.length
    const colon = text.indexOf(":", start)
    if (colon <= start || colon >= lineEnd) return undefined
    const first = text.charCodeAt(start)
    if (first === space || first === tab) return undefined
    const name = text.slice(start, colon)
    const value = withoutSpace(text, colon + 1, lineEnd)
    if (!mayBeSpecial(first)) {
      fields.push(name, value)
      continue
    }
    const lower = name.toLowerCase()
    if (lower === "content-length") {
      if (length !== undefined || !/^\d{1,15}$/.test(value)) return undefined
      length = value
    } else if (lower === "connection")
      connection = connection === undefined ? value : `${connection},${value}`
    else if (lower === "transfer-encoding") coding = coding === undefined ? value : `${coding},${value}`
    else if (lower === "keep-alive") keepAlive = value
    else if (lower === "upgrade") upgrade = value
    if (!isHopByHop(lower) && !isFrontsOwn(lower)) fields.push(name, value)
  }
  if (coding !== undefined && (length !== undefined || minor === 0 || coding.toLowerCase() !== "chunked"))
    return undefined
  const framing = coding !== undefined ? "chunked" : length !== undefined ? Number(length) : "until-close"
  const options = connection === undefined || connection === "keep-alive" ? undefined : namedBy(connection)
  return {
    status,
    reason,
    fields: options === undefined ? fields : withoutNamed(fields, options),
    framing,
    keptFor: keptFor(minor, options, keepAlive, idleLimit),
    upgrade
  }
}

const withoutSpace = (text: string, from: number, to: number): string => {
  let start = from
  let end = to
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isSpace = (code: number): boolean => code === space || code === tab

const withoutNamed = (fields: Array<string>, named: ReadonlyArray<string>): Array<string> =>
  fields.filter((_, index) => {
    const name = (fields[index - (index % 2)] as string).toLowerCase()
    return name === "content-length" || !named.includes(name)
  })

/** The hint of RFC 2068 §19.7.1.1, which Node sends, less the second in which it may be about to close. */
const keptFor = (
  minor: number,
  options: ReadonlyArray<string> | undefined,
  keepAlive: string | undefined,
  idleLimit: number
): number => {
  if (minor === 0 || options?.includes("close")) return 0
  const seconds = keepAlive === undefined ? undefined : /timeout=(\d+)/i.exec(keepAlive)?.[1]
  return seconds === undefined ? idleLimit : Math.min(idleLimit, Number(seconds) * 1000 - 1000)
}
