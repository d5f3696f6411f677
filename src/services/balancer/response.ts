import { isFrontsOwn, isHopByHop, mayBeSpecial, namedBy } from "./fields.ts"

/** Takes what a backend answers. What is in `bytes` is only there during the call. */
export interface ResponseTaker {
  /** 100 to 199, except 101. */
  readonly interim: (head: ResponseHead) => void
  readonly head: (head: ResponseHead) => void
  readonly body: (bytes: Buffer) => void
  /** All of a body that is small, in latin1, in place of `body`. */
  readonly text: (body: string) => void
  /** Trailer fields: name, value, name, value. */
  readonly end: (trailers: ReadonlyArray<string>) => void
}

/** What a call of `read` has led to; `surplus`: there are bytes after the end. */
export type Reading = "more" | "end" | "surplus" | "malformed"

type State = "head" | "body" | "until-close" | "chunk-size" | "chunk" | "chunk-end" | "trailers" | "done"

const endOfHead = "\r\n\r\n"
const endOfLine = "\r\n"
/** Hexadecimal digits of a chunk's length and its extensions: bytes. */
const chunkLineLimit = 4096
/** Up to this, what comes at once is looked at as text, which spares views of it: bytes. */
const textLimit = 16_384

/**
 * Reads one response after another off a connection (RFC 9112). It is strict where a wrong reading could attribute bytes
 * to another response; the syntax of field names and values is left to Node, which checks what it sends.
 */
export class ResponseReader {
  private state: State = "done"
  private kept: Buffer | undefined
  private left = 0
  private bodiless = false
  private taker: ResponseTaker | undefined
  /** What came after the end: the first bytes of a tunnel, or nothing that anybody asked for. */
  surplus: Buffer | undefined
  private readonly idleLimit: number

  constructor(idleLimit: number) {
    this.idleLimit = idleLimit
  }

  /** The next bytes belong to the answer of a request; that to HEAD has no body. */
  expect(taker: ResponseTaker, isHead: boolean): void {
    this.state = "head"
    this.taker = taker
    this.bodiless = isHead
    this.kept = undefined
  }

  /** Reads so many bytes of the buffer. */
  read(buffer: Buffer, length: number): Reading {
    const { kept } = this
    const isStart = this.state === "head" && kept === undefined && length <= textLimit
    const taken = isStart ? this.readText(buffer.toString("latin1", 0, length)) : 0
    if (taken === length) return this.state === "done" ? "end" : "more"
    const bytes = buffer.subarray(taken, length)
    let rest: Buffer | undefined = kept === undefined ? bytes : Buffer.concat([kept, bytes])
    this.kept = undefined
    while (rest !== undefined && rest.length > 0) {
      if (this.state === "done") {
        this.surplus = rest
        return "surplus"
      }
      const next: Buffer | "malformed" | undefined = this.step(rest)
      if (next === "malformed") return next
      rest = next
    }
    return this.state === "done" ? "end" : "more"
  }

  /** The backend has closed its side: whether that ends the response. */
  close(): boolean {
    if (this.state !== "until-close") return false
    this.finish([])
    return true
  }

  /** Takes as much as there is of one part, and returns the rest. */
  private step(bytes: Buffer): Buffer | "malformed" | undefined {
    switch (this.state) {
      case "head":
        return this.readHead(bytes)
      case "body":
      case "chunk": {
        const part = bytes.length <= this.left ? bytes : bytes.subarray(0, this.left)
        this.left -= part.length
        this.taker?.body(part)
        if (this.left === 0) {
          if (this.state === "body") this.finish([])
          else this.state = "chunk-end"
        }
        return bytes.subarray(part.length)
      }
      case "until-close":
        this.taker?.body(bytes)
        return undefined
      case "chunk-size":
        return this.readChunkSize(bytes)
      case "chunk-end":
        if (bytes.length < 2) return this.keep(bytes)
        if (bytes[0] !== 13 || bytes[1] !== 10) return "malformed"
        this.state = "chunk-size"
        return bytes.subarray(2)
      case "trailers":
        return this.readTrailers(bytes)
      case "done":
        return bytes
    }
  }

  /** Takes a whole head, and the whole body with it if nothing comes after that; tells how much it took. */
  private readText(text: string): number {
    const end = text.indexOf(endOfHead)
    const head = end < 0 ? undefined : parseHead(text.slice(0, end), this.idleLimit)
    if (head === undefined) return 0
    const start = end + endOfHead.length
    this.take(head)
    if (this.state !== "body" || start + this.left !== text.length) return start
    this.taker?.text(text.slice(start))
    this.finish([])
    return text.length
  }

  private readHead(bytes: Buffer): Buffer | "malformed" | undefined {
    const end = bytes.indexOf(endOfHead, 0, "latin1")
    if (end < 0) return bytes.length > headLimit ? "malformed" : this.keep(bytes)
    if (end > headLimit) return "malformed"
    const head = parseHead(bytes.toString("latin1", 0, end), this.idleLimit)
    if (head === undefined) return "malformed"
    this.take(head)
    return bytes.subarray(end + endOfHead.length)
  }

  private take(head: ResponseHead): void {
    const { taker } = this
    const { status, framing } = head
    if (status < 200 && status !== 101) {
      taker?.interim(head)
      return
    }
    if (this.bodiless || status === 204 || status === 304 || status === 101 || framing === 0) {
      this.state = "done"
      taker?.head(head)
      if (status !== 101) taker?.end([])
      return
    }
    if (framing === "until-close") this.state = "until-close"
    else if (framing === "chunked") this.state = "chunk-size"
    else {
      this.state = "body"
      this.left = framing
    }
    taker?.head(head)
  }

  private readChunkSize(bytes: Buffer): Buffer | "malformed" | undefined {
    const end = bytes.indexOf(endOfLine, 0, "latin1")
    if (end < 0) return bytes.length > chunkLineLimit ? "malformed" : this.keep(bytes)
    const size = /^([0-9a-f]{1,12})[ \t]*(?:;[^\r\n]*)?$/i.exec(bytes.toString("latin1", 0, end))?.[1]
    if (size === undefined) return "malformed"
    this.left = Number.parseInt(size, 16)
    this.state = this.left === 0 ? "trailers" : "chunk"
    return bytes.subarray(end + 2)
  }

  private readTrailers(bytes: Buffer): Buffer | "malformed" | undefined {
    if (bytes.length < 2) return this.keep(bytes)
    if (bytes[0] === 13 && bytes[1] === 10) {
      this.finish([])
      return bytes.subarray(2)
    }
    const end = bytes.indexOf(endOfHead, 0, "latin1")
    if (end < 0) return bytes.length > headLimit ? "malformed" : this.keep(bytes)
    const head = parseHead(`HTTP/1.1 200 OK\r\n${bytes.toString("latin1", 0, end)}`, 0)
    if (head === undefined) return "malformed"
    this.finish(head.fields)
    return bytes.subarray(end + 4)
  }

  private keep(bytes: Buffer): undefined {
    this.kept = Buffer.from(bytes)
  }

  private finish(trailers: ReadonlyArray<string>): void {
    this.state = "done"
    this.taker?.end(trailers)
  }
}

/** How the end of a response's body is told (RFC 9112 §6.3): a length in bytes, or one of the two others. */
type Framing = number | "chunked" | "until-close"

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
const headLimit = 65_536

const tab = 9
const space = 32

/** Reads a head without its last two CRLF. What is ambiguous or malformed is refused: undefined. */
const parseHead = (text: string, idleLimit: number): ResponseHead | undefined => {
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
