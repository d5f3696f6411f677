import { connectionOptions, isHopByHop, isSetByFront, mayBeSpecial } from "./fields.ts"

/** Where a response's body ends (RFC 9112 §6.3): after so many bytes, after the last chunk, or with the connection. */
type Framing = number | "chunked" | "until-close"

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** The end-to-end fields as name, value, name, value, in the backend's order and case. */
  readonly fields: Array<string>
  /** Whether Trailer is among the fields. */
  readonly hasTrailer: boolean
  readonly framing: Framing
  /** For how many milliseconds the connection may idle before its next request; 0 if it must close. */
  readonly keepAlive: number
  /** The protocol that a 101 switches to. */
  readonly upgrade: string | undefined
}

/** Receives a response. `bytes` are only valid during the call: the buffer is used again. */
export interface ResponseHandler {
  /** 100 to 199, except 101. */
  readonly onInterim: (head: ResponseHead) => void
  readonly onHead: (head: ResponseHead) => void
  readonly onBody: (bytes: Buffer) => void
  /** Instead of `onBody`: the whole of a small body, as latin1. */
  readonly onWholeBody: (body: string) => void
  /** With the trailer fields as name, value, name, value. */
  readonly onEnd: (trailers: ReadonlyArray<string>) => void
}

/** `surplus`: bytes followed the end of the response. */
export type ReadResult = "more" | "end" | "surplus" | "malformed"

/** What is wrong with the head of a response, to follow "the app's response is malformed: ". */
export type Problem =
  | "its status line is malformed"
  | "a header field is malformed"
  | "its Content-Length is not one number"
  | "its length is ambiguous"
  | "its header is longer than 64 KiB"
  | "an interim response would end the connection"

type State = "head" | "body" | "until-close" | "chunk-size" | "chunk" | "chunk-end" | "trailers" | "done"

const endOfHead = "\r\n\r\n"
const endOfLine = "\r\n"
const beforeTrailers = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
/** Size and extensions of a chunk (RFC 9112 §7.1), without the optional spaces that Node refuses as well. */
const chunkLine =
  /^([0-9a-f]{1,12})(?:;[\w!#$%&'*+.^`|~-]+(?:=(?:[\w!#$%&'*+.^`|~-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*$/i
/** A longer head is refused: bytes. */
const headLimit = 65_536
/** A longer chunk size with its extensions is refused: bytes. */
const chunkLineLimit = 4096
/** A read of at most this many bytes is parsed as a string, which saves views of the buffer. */
const stringLimit = 16_384

/**
 * Parses one response after another from a connection (RFC 9112). It refuses whatever Node's own parser refuses, and more:
 * what two parsers could read in two ways must not reach a client. `test/services/balancer/fuzz.ts` compares the two.
 */
export class ResponseReader {
  private state: State = "done"
  /** The beginning of a part whose rest has not arrived. */
  private partial: Buffer | undefined
  private remaining = 0
  private answersHead = false
  private handler: ResponseHandler | undefined
  /** What followed the end of the response: the first bytes of a tunnel, or bytes that no request asked for. */
  surplus: Buffer | undefined
  /** Why a read was "malformed", if that was the head. Nobody can be told about a body any more. */
  problem: Problem | undefined
  private readonly maxIdle: number

  /** Connections idle for at most so many milliseconds, whatever the backend allows. */
  constructor(maxIdle: number) {
    this.maxIdle = maxIdle
  }

  /** The next bytes answer a request, which may be a HEAD request: its response has no body. */
  expect(handler: ResponseHandler, answersHead: boolean): void {
    this.state = "head"
    this.handler = handler
    this.answersHead = answersHead
    this.partial = undefined
  }

  /** Parses the first `length` bytes of the buffer. */
  read(buffer: Buffer, length: number): ReadResult {
    const { partial } = this
    const isStart = this.state === "head" && partial === undefined && length <= stringLimit
    const taken = isStart ? this.readString(buffer.toString("latin1", 0, length)) : 0
    if (taken === length) return this.state === "done" ? "end" : "more"
    const bytes = buffer.subarray(taken, length)
    let rest: Buffer | undefined = partial === undefined ? bytes : Buffer.concat([partial, bytes])
    this.partial = undefined
    while (rest !== undefined && rest.length > 0) {
      if (this.state === "done") {
        this.surplus = rest
        return "surplus"
      }
      const next: Buffer | "malformed" | undefined = this.readPart(rest)
      if (next === "malformed") return next
      rest = next
    }
    return this.state === "done" ? "end" : "more"
  }

  /** The backend closed its side. True if that completes the response. */
  close(): boolean {
    if (this.state !== "until-close") return false
    this.finish([])
    return true
  }

  /** Consumes as much as possible of one part, and returns the rest. */
  private readPart(bytes: Buffer): Buffer | "malformed" | undefined {
    switch (this.state) {
      case "head":
        return this.readHead(bytes)
      case "body":
      case "chunk": {
        const part = bytes.length <= this.remaining ? bytes : bytes.subarray(0, this.remaining)
        this.remaining -= part.length
        this.handler?.onBody(part)
        if (this.remaining === 0) {
          if (this.state === "body") this.finish([])
          else this.state = "chunk-end"
        }
        return bytes.subarray(part.length)
      }
      case "until-close":
        this.handler?.onBody(bytes)
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

  /** The common case: a whole head, and its whole body if nothing follows that. Returns how much it consumed. */
  private readString(text: string): number {
    const end = text.indexOf(endOfHead)
    const head = end < 0 ? undefined : parseHead(text.slice(0, end), this.maxIdle)
    // What is malformed is left to `readHead`, which says so.
    if (typeof head !== "object" || !this.startBody(head)) return 0
    const start = end + endOfHead.length
    if (this.state !== "body" || start + this.remaining !== text.length) return start
    this.handler?.onWholeBody(text.slice(start))
    this.finish([])
    return text.length
  }

  private readHead(bytes: Buffer): Buffer | "malformed" | undefined {
    const end = bytes.indexOf(endOfHead, 0, "latin1")
    if ((end < 0 ? bytes.length : end) > headLimit) return this.refuse("its header is longer than 64 KiB")
    if (end < 0) return this.keep(bytes)
    const head = parseHead(bytes.toString("latin1", 0, end), this.maxIdle)
    if (typeof head === "string") return this.refuse(head)
    if (!this.startBody(head)) return this.refuse("an interim response would end the connection")
    return bytes.subarray(end + endOfHead.length)
  }

  /** False for an interim response that ends the connection, after which nothing could follow. */
  private startBody(head: ResponseHead): boolean {
    const { handler } = this
    const { status, framing } = head
    if (status < 200 && status !== 101) {
      if (head.keepAlive === 0) return false
      handler?.onInterim(head)
      return true
    }
    const isBodiless = this.answersHead || status === 204 || status === 304 || status === 101
    if (isBodiless || framing === 0) {
      this.state = "done"
      handler?.onHead(head)
      if (status !== 101) handler?.onEnd([])
      return true
    }
    if (framing === "until-close") this.state = "until-close"
    else if (framing === "chunked") this.state = "chunk-size"
    else {
      this.state = "body"
      this.remaining = framing
    }
    handler?.onHead(head)
    return true
  }

  private readChunkSize(bytes: Buffer): Buffer | "malformed" | undefined {
    const end = bytes.indexOf(endOfLine, 0, "latin1")
    if (end < 0 && bytes.length <= chunkLineLimit) return this.keep(bytes)
    const size = end < 0 ? undefined : chunkLine.exec(bytes.toString("latin1", 0, end))?.[1]
    if (size === undefined) return "malformed"
    this.remaining = Number.parseInt(size, 16)
    this.state = this.remaining === 0 ? "trailers" : "chunk"
    return bytes.subarray(end + 2)
  }

  private readTrailers(bytes: Buffer): Buffer | "malformed" | undefined {
    if (bytes.length < 2) return this.keep(bytes)
    if (bytes[0] === 13 && bytes[1] === 10) {
      this.finish([])
      return bytes.subarray(2)
    }
    const end = bytes.indexOf(endOfHead, 0, "latin1")
    if (end < 0 && bytes.length <= headLimit) return this.keep(bytes)
    if (end < 0) return "malformed"
    // Behind these lines, a trailer that says anything about the body's length is ambiguous, and refused.
    const trailers = parseHead(`${beforeTrailers}${bytes.toString("latin1", 0, end)}`, 0)
    if (typeof trailers === "string") return "malformed"
    this.finish(trailers.fields)
    return bytes.subarray(end + endOfHead.length)
  }

  private refuse(problem: Problem): "malformed" {
    this.problem = problem
    return "malformed"
  }

  private keep(bytes: Buffer): undefined {
    this.partial = Buffer.from(bytes)
  }

  private finish(trailers: ReadonlyArray<string>): void {
    this.state = "done"
    this.handler?.onEnd(trailers)
  }
}

const tab = 9
const space = 32
/** token of RFC 9110 §5.6.2. */
const fieldName = /^[\w!#$%&'*+.^`|~-]+$/
/** Control characters, among them a CR or LF that is not part of a line's end: never part of a value (RFC 9110 §5.5). */
const forbidden = /[^\t\x20-\x7e\x80-\xff]/
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/

/** Parses a head without its last two CRLF. */
const parseHead = (text: string, maxIdle: number): ResponseHead | Problem => {
  let lineEnd = text.indexOf(endOfLine)
  if (lineEnd < 0) lineEnd = text.length
  const start = statusLine.exec(text.slice(0, lineEnd))
  if (start === null) return "its status line is malformed"
  const minor = start[1] === "0" ? 0 : 1
  const status = Number(start[2])

  const fields: Array<string> = []
  let length: string | undefined
  let coding: string | undefined
  let connection: string | undefined
  let keepAlive: string | undefined
  let upgrade: string | undefined
  let hasTrailer = false
  let mayUpgrade = true
  while (lineEnd < text.length) {
    const line = lineEnd + endOfLine.length
    lineEnd = text.indexOf(endOfLine, line)
    if (lineEnd < 0) lineEnd = text.length
    const colon = text.indexOf(":", line)
    if (colon < 0 || colon >= lineEnd) return "a header field is malformed"
    const name = text.slice(line, colon)
    // Refuses a folded line as well, since that starts with a space or tab.
    if (!fieldName.test(name)) return "a header field is malformed"
    const value = trimmed(text, colon + 1, lineEnd)
    if (forbidden.test(value)) return "a header field is malformed"
    if (!mayBeSpecial(name.charCodeAt(0))) {
      fields.push(name, value)
      continue
    }
    const lower = name.toLowerCase()
    // Node takes a tab behind these values for a part of them: it reads "chunked" as until the close, and no Upgrade.
    const hasTab = text.slice(colon, lineEnd).includes("\t")
    if (hasTab && (lower === "content-length" || lower === "transfer-encoding"))
      return "its length is ambiguous"
    if (lower === "content-length") {
      if (length !== undefined || !/^\d{1,15}$/.test(value)) return "its Content-Length is not one number"
      length = value
    } else if (lower === "connection") {
      connection = connection === undefined ? value : `${connection},${value}`
      mayUpgrade &&= !hasTab
    } else if (lower === "transfer-encoding") coding = coding === undefined ? value : `${coding},${value}`
    else if (lower === "keep-alive") keepAlive = value
    else if (lower === "upgrade") upgrade = value
    else if (lower === "trailer") hasTrailer = true
    if (!isHopByHop(lower) && !isSetByFront(lower)) fields.push(name, value)
  }
  if (coding !== undefined && (length !== undefined || minor === 0 || coding.toLowerCase() !== "chunked"))
    return "its length is ambiguous"
  const options =
    connection === undefined || connection === "keep-alive" ? undefined : connectionOptions(connection)
  return {
    status,
    reason: start[3] ?? "",
    fields: options === undefined ? fields : withoutOptions(fields, options),
    hasTrailer,
    framing: coding !== undefined ? "chunked" : length !== undefined ? Number(length) : "until-close",
    keepAlive: minor === 0 || options?.includes("close") ? 0 : idleTime(keepAlive, maxIdle),
    upgrade: mayUpgrade && options?.includes("upgrade") && upgrade !== "" ? upgrade : undefined
  }
}

const trimmed = (text: string, from: number, to: number): string => {
  let start = from
  let end = to
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isSpace = (code: number): boolean => code === space || code === tab

/** Fields that the Connection field names belong to the connection, except for the body's length. */
const withoutOptions = (fields: Array<string>, options: ReadonlyArray<string>): Array<string> =>
  withoutFields(fields, new Set(options.filter((name) => name !== "content-length")))

/** Expects lowercase names. */
export const withoutFields = (fields: Array<string>, names: ReadonlySet<string>): Array<string> =>
  fields.filter((_, index) => !names.has((fields[index - (index % 2)] as string).toLowerCase()))

/** What Keep-Alive allows (RFC 2068 §19.7.1.1; Node sends it), less a second in which the backend may already be closing. */
const idleTime = (keepAlive: string | undefined, maxIdle: number): number => {
  const seconds = keepAlive === undefined ? undefined : /timeout=(\d+)/i.exec(keepAlive)?.[1]
  return seconds === undefined ? maxIdle : Math.min(maxIdle, Number(seconds) * 1000 - 1000)
}
