import type { IncomingMessage, ServerResponse } from "node:http"
import { forwardableTrailers } from "./fields.ts"
import { type RequestHead, sendBody } from "./request.ts"
import { type ResponseHead, withoutFields } from "./response.ts"
import type { Rotation } from "./rotation.ts"
import { type DetachedClient, joinTunnel } from "./tunnel.ts"
import type { Connection, ConnectionHandler, Upstream } from "./upstream.ts"

/** What an exchange needs from its front. */
export interface ExchangeFront {
  readonly rotation: Rotation<Upstream>
  /** For how many milliseconds a request waits for a backend. */
  readonly hold: number
  readonly closed: (exchange: Exchange) => void
}

/** Methods whose requests may be sent twice (RFC 9110 §9.2.2). */
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
/** A body of at most so many bytes is sent in one write with its head, if it arrived with it. */
const smallBody = 16_384
/** Interim responses (1xx) to one request beyond either limit are refused: far more than an app has a use for. */
const maxInterims = 64
/** The most that the fields of all interim responses to one request may take: characters. */
const maxInterimLength = 131_072
const trailerField = new Set(["trailer"])

/** A client's request, until its response is closed. It is in flight at one backend at a time. */
export class Exchange implements ConnectionHandler {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Ticks of the front's clock since a byte last moved. */
  idleTicks = 0
  /** `held`: waits for a backend. `sent`: waits for its response. `answering`: forwards that. */
  state: "held" | "sent" | "answering" | "tunnel" = "held"
  private readonly front: ExchangeFront
  private readonly head: RequestHead
  private readonly detached: DetachedClient | undefined
  private upstream: Upstream | undefined
  private connection: Connection | undefined
  private stopWaiting: (() => void) | undefined
  private isBodySent: boolean
  private hasSent100 = false
  private interims = 0
  private interimLength = 0
  private keepAlive = 0
  /** A small body that is kept back to go out with the head. */
  private heldBody: string | undefined
  /** Whether the head has left. `response.headersSent` is true as soon as Node has been given it. */
  private isHeadSent = false
  private isClosed = false

  constructor(
    front: ExchangeFront,
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead,
    detached?: DetachedClient
  ) {
    this.front = front
    this.request = request
    this.response = response
    this.head = head
    this.detached = detached
    this.isBodySent = head.body === "none"
  }

  start() {
    const upstream = this.front.rotation.choose()
    if (upstream === undefined) return this.waitForBackend()
    this.send(upstream, false)
    if (!this.isBodySent) this.sendBody()
  }

  /** The client has its response, or is gone. */
  close() {
    if (this.isClosed) return
    this.isClosed = true
    this.stopWaiting?.()
    this.abandonConnection()
    this.upstream?.requestEnded()
    this.upstream = undefined
    this.front.closed(this)
  }

  /** Answers in the backend's place. If part of a response has been sent, resets the client's connection. */
  fail(status: ErrorStatus, why: string) {
    this.stopWaiting?.()
    this.abandonConnection()
    if (this.isClosed) return
    if (this.state === "answering") return this.reset()
    this.state = "answering"
    const mustClose = this.mustClose
    this.request.resume()
    respondWithError(this.response, status, why, mustClose)
  }

  /** Ends the client's connection in a way that nobody takes what it received for the whole response. */
  reset() {
    const { socket } = this.request
    if (socket.destroyed) this.close()
    else socket.resetAndDestroy()
  }

  /** An interim response is no progress: an app could send them without end, to a client that may be gone. */
  onInterim({ status, fields }: ResponseHead) {
    if (this.connection === undefined) return
    if (this.request.socket.destroyed) return this.close()
    this.interims++
    for (const text of fields) this.interimLength += text.length
    if (this.interims > maxInterims || this.interimLength > maxInterimLength)
      return this.fail(502, "the app sent too many interim responses")
    if (this.request.httpVersionMinor === 0 || this.detached !== undefined) return
    if (status === 100 && this.head.expectsContinue && !this.hasSent100) {
      this.hasSent100 = true
      this.response.writeContinue()
    } else if (status === 103 && this.response.writableLength === 0) sendEarlyHints(this.response, fields)
  }

  onHead(head: ResponseHead) {
    if (this.connection === undefined) return
    this.idleTicks = 0
    if (head.status === 101) return this.switchProtocols(head)
    this.keepAlive = head.keepAlive
    if (this.mustClose) head.fields.push("Connection", "close")
    const isMisplaced = head.hasTrailer && !this.takesTrailers(head)
    const fields = isMisplaced ? withoutFields(head.fields, trailerField) : head.fields
    try {
      this.response.writeHead(head.status, head.reason, fields)
    } catch {
      // Node validates names and values before it sends anything.
      return this.fail(502, "the app's response is malformed")
    }
    this.state = "answering"
  }

  onBody(bytes: Buffer) {
    this.idleTicks = 0
    if (this.connection === undefined) return
    if (!this.isHeadSent && this.heldBody === undefined && bytes.length <= smallBody) {
      this.heldBody = bytes.toString("latin1")
      return
    }
    this.flush()
    if (this.response.write(Buffer.from(bytes))) return
    this.connection.pause()
    this.response.once("drain", () => this.clientDrained())
  }

  onWholeBody(body: string) {
    this.idleTicks = 0
    this.heldBody = body
  }

  onEnd(trailers: ReadonlyArray<string>) {
    if (this.connection === undefined) return
    if (trailers.length > 0) {
      this.flush()
      try {
        this.response.addTrailers(forwardableTrailers(trailers))
      } catch {
        return this.fail(502, "the app's response is malformed")
      }
    }
    if (this.heldBody === undefined) this.response.end()
    else this.response.end(this.heldBody, "latin1")
    this.heldBody = undefined
  }

  onPartial() {
    if (this.state === "answering") this.flush()
  }

  onComplete(connection: Connection) {
    this.connection = undefined
    connection.resume()
    if (this.isBodySent) return connection.upstream.release(connection, this.keepAlive)
    connection.destroy()
    // The rest of the body is discarded: some clients read no response before they have sent everything.
    this.request.resume()
  }

  onFailure(connection: Connection, code: string | undefined) {
    this.connection = undefined
    const { upstream } = connection
    const isRefused = code === "ECONNREFUSED"
    upstream.suspect()
    if (isRefused && upstream.state === "serving") this.front.rotation.setState(upstream, "refused")
    const mayRetry = this.head.body === "none" && idempotent.has(this.request.method ?? "")
    if (this.state !== "sent" || !mayRetry || !(isRefused || connection.isReused))
      return this.fail(502, isRefused ? "the app refused the connection" : brokenBy(connection))
    upstream.requestEnded()
    this.upstream = undefined
    // Another backend if possible: one that is being killed may still accept connections for a moment.
    const next = this.front.rotation.choose(upstream)
    if (next !== undefined) this.send(next, true)
    else this.waitForBackend()
  }

  onDrain() {
    this.idleTicks = 0
    this.request.resume()
  }

  private clientDrained() {
    this.idleTicks = 0
    this.connection?.resume()
  }

  private send(upstream: Upstream, mustBeNew: boolean) {
    this.state = "sent"
    this.idleTicks = 0
    this.upstream = upstream
    upstream.requestBegun()
    const connection = upstream.connect(mustBeNew)
    this.connection = connection
    connection.assign(this, this.request.method === "HEAD")
    connection.write(this.head.text, "latin1")
  }

  private sendBody() {
    sendBody(this.request, this.head.body, {
      connection: () => this.connection,
      onProgress: () => {
        this.idleTicks = 0
      },
      onSent: () => {
        this.isBodySent = true
      }
    })
  }

  private waitForBackend() {
    const { rotation, hold } = this.front
    this.state = "held"
    if (hold <= 0 || rotation.isSuspended) return this.fail(503, "no instance of the app is running")
    const timer = setTimeout(() => this.fail(503, "no instance of the app is running"), hold)
    const cancel = rotation.whenAdded((upstream) => {
      stop()
      this.send(upstream, false)
      if (!this.isBodySent) this.sendBody()
    })
    const stop = () => {
      this.stopWaiting = undefined
      clearTimeout(timer)
      cancel()
    }
    this.stopWaiting = stop
  }

  private switchProtocols(head: ResponseHead) {
    const { connection, detached, response } = this
    if (detached?.protocol === undefined || head.upgrade === undefined || connection === undefined)
      return this.fail(502, "the app switched protocols without being asked to")
    try {
      response.detachSocket(detached.socket)
      joinTunnel(detached, connection, head)
    } catch {
      return this.reset()
    }
    this.connection = undefined
    this.state = "tunnel"
  }

  /** Node refuses a Trailer field where it sends no chunks. */
  private takesTrailers({ status, framing }: ResponseHead): boolean {
    const { method, httpVersionMinor } = this.request
    return (
      framing === "chunked" && httpVersionMinor > 0 && method !== "HEAD" && status !== 204 && status !== 304
    )
  }

  private flush() {
    if (this.heldBody !== undefined) this.response.write(this.heldBody, "latin1")
    else if (!this.isHeadSent) this.response.flushHeaders()
    this.isHeadSent = true
    this.heldBody = undefined
  }

  private abandonConnection() {
    this.connection?.abandon()
    this.connection = undefined
  }

  /** A client that waits for 100 Continue may or may not send its body: its next bytes could be read in two ways. */
  private get mustClose(): boolean {
    return this.head.hasUpgrade || (this.head.expectsContinue && !this.hasSent100 && !this.request.complete)
  }
}

const brokenBy = ({ problem }: Connection): string =>
  problem === undefined
    ? "the app closed the connection before its response was complete"
    : `the app's response is malformed: ${problem}`

/** 103 (RFC 8297) with its Link fields, the only ones that Node can send. Not for a client that has yet to take earlier bytes. */
const sendEarlyHints = (response: ServerResponse, fields: ReadonlyArray<string>): void => {
  const link = fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === "link")
  try {
    if (link.length > 0) response.writeEarlyHints({ link })
  } catch {
    // The client can do without a hint that Node takes for malformed.
  }
}

const reasons = {
  400: "Bad Request",
  408: "Request Timeout",
  421: "Misdirected Request",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported"
} as const

type ErrorStatus = keyof typeof reasons

/** Answers in the app's place, in plain text. */
export const respondWithError = (
  response: ServerResponse,
  status: ErrorStatus,
  why: string,
  mustClose: boolean
): void => {
  const text = `${status} ${reasons[status]}: ${why}\n`
  const fields = [
    "Content-Type",
    "text/plain; charset=utf-8",
    "Content-Length",
    `${text.length}`,
    "Cache-Control",
    "no-store"
  ]
  if (status === 503) fields.push("Retry-After", "1")
  if (mustClose) fields.push("Connection", "close")
  response.writeHead(status, reasons[status], fields)
  response.end(text, "latin1")
}
