import type { IncomingMessage, ServerResponse } from "node:http"
import { trailing } from "./fields.ts"
import { type RequestHead, sendBody } from "./request.ts"
import type { ResponseHead } from "./response.ts"
import type { Rotation } from "./rotation.ts"
import { type Detached, joinTunnel } from "./tunnel.ts"
import type { Connection, Occupant, Upstream } from "./upstream.ts"

/** What an exchange needs of its front. */
export interface ExchangeFront {
  readonly rotation: Rotation<Upstream>
  /** Milliseconds for which a request waits for a backend. */
  readonly hold: number
  readonly closed: (exchange: Exchange) => void
}

/** Those that may be sent twice (RFC 9110 §9.2.2). */
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
/** Up to this, a body that is there at once is sent together with its head: bytes. */
const smallBody = 16_384

/** One request of a client, from its head until its response is closed. It is in flight at one backend at a time. */
export class Exchange implements Occupant {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Ticks of the front's clock since anything moved. */
  quiet = 0
  /** Where it is: with nobody, at a backend, being answered, or a tunnel. */
  state: "held" | "sent" | "answering" | "tunnel" = "held"
  private readonly front: ExchangeFront
  private readonly sending: RequestHead
  private readonly detached: Detached | undefined
  private upstream: Upstream | undefined
  private connection: Connection | undefined
  private stopWaiting: (() => void) | undefined
  private bodySent: boolean
  private sent100 = false
  private keptFor = 0
  private small: string | undefined
  /** Whether anything of the answer has left; Node says so as soon as it has been given the head. */
  private hasBegun = false
  private isClosed = false

  constructor(
    front: ExchangeFront,
    request: IncomingMessage,
    response: ServerResponse,
    sending: RequestHead,
    detached?: Detached
  ) {
    this.front = front
    this.request = request
    this.response = response
    this.sending = sending
    this.detached = detached
    this.bodySent = sending.body === "none"
  }

  start() {
    const upstream = this.front.rotation.choose()
    if (upstream === undefined) return this.wait()
    this.send(upstream, false)
    if (!this.bodySent) this.sendBody()
  }

  /** The client has its response, or is gone. */
  close() {
    if (this.isClosed) return
    this.isClosed = true
    this.stopWaiting?.()
    this.abandon()
    this.upstream?.end()
    this.upstream = undefined
    this.front.closed(this)
  }

  /** Answers in the backend's place; once that has begun to answer, cuts the client off. */
  giveUp(status: RefusalStatus, why: string) {
    this.stopWaiting?.()
    this.abandon()
    if (this.isClosed) return
    if (this.state === "answering") return this.reset()
    this.state = "answering"
    const mustClose = this.mustClose
    this.request.resume()
    refuse(this.response, status, why, mustClose)
  }

  /** Ends the client's connection in such a way that what it got cannot be taken for the whole. */
  reset() {
    const socket = this.request.socket
    if (socket.destroyed) this.close()
    else socket.resetAndDestroy()
  }

  interim({ status, fields }: ResponseHead) {
    this.quiet = 0
    if (this.request.httpVersionMinor === 0 || this.detached !== undefined) return
    if (status === 100 && this.sending.expectsContinue && !this.sent100) {
      this.sent100 = true
      this.response.writeContinue()
    } else if (status === 103) hint(this.response, fields)
  }

  head(head: ResponseHead) {
    this.quiet = 0
    if (head.status === 101) return this.switch(head)
    this.keptFor = head.keptFor
    if (this.mustClose) head.fields.push("Connection", "close")
    try {
      this.response.writeHead(head.status, head.reason, head.fields)
    } catch {
      // Node checks names and values before it sends anything.
      return this.giveUp(502, "the app's answer is malformed")
    }
    this.state = "answering"
  }

  body(bytes: Buffer) {
    this.quiet = 0
    if (this.connection === undefined) return
    if (!this.hasBegun && this.small === undefined && bytes.length <= smallBody) {
      this.small = bytes.toString("latin1")
      return
    }
    this.flush()
    if (this.response.write(Buffer.from(bytes))) return
    this.connection.pause()
    this.response.once("drain", () => this.drained())
  }

  text(body: string) {
    this.quiet = 0
    this.small = body
  }

  end(trailers: ReadonlyArray<string>) {
    if (this.connection === undefined) return
    if (trailers.length > 0) {
      this.flush()
      try {
        this.response.addTrailers(trailing(trailers))
      } catch {
        return this.giveUp(502, "the app's answer is malformed")
      }
    }
    if (this.small === undefined) this.response.end()
    else this.response.end(this.small, "latin1")
    this.small = undefined
  }

  more() {
    if (this.state === "answering") this.flush()
  }

  done(connection: Connection) {
    this.connection = undefined
    connection.resume()
    if (this.bodySent) connection.upstream.giveBack(connection, this.keptFor)
    else connection.destroy()
  }

  failed(connection: Connection, code: string | undefined) {
    this.connection = undefined
    const { upstream } = connection
    const isRefused = code === "ECONNREFUSED"
    upstream.doubt()
    if (isRefused && upstream.state === "serving") this.front.rotation.put(upstream, "refused")
    const mayRepeat = this.sending.body === "none" && idempotent.has(this.request.method ?? "")
    if (this.state !== "sent" || !mayRepeat || !(isRefused || connection.isUsed))
      return this.giveUp(
        502,
        isRefused
          ? "the app refused the connection"
          : "the app closed the connection before its answer was complete"
      )
    upstream.end()
    this.upstream = undefined
    // One that is being killed may still accept: its listener is not the first of its sockets to close.
    const next = this.front.rotation.choose(upstream)
    if (next !== undefined) this.send(next, true)
    else this.wait()
  }

  writable() {
    this.quiet = 0
    this.request.resume()
  }

  /** The client has taken what was written. */
  private drained() {
    this.quiet = 0
    this.connection?.resume()
  }

  private send(upstream: Upstream, mustBeNew: boolean) {
    this.state = "sent"
    this.quiet = 0
    this.upstream = upstream
    upstream.begin()
    const connection = upstream.connect(mustBeNew)
    this.connection = connection
    connection.occupy(this, this.request.method === "HEAD")
    connection.write(this.sending.text, "latin1")
  }

  private sendBody() {
    sendBody(this.request, this.sending.body, {
      connection: () => this.connection,
      moved: () => {
        this.quiet = 0
      },
      sent: () => {
        this.bodySent = true
      }
    })
  }

  private wait() {
    const { rotation, hold } = this.front
    this.state = "held"
    if (hold <= 0) return this.giveUp(503, "no instance of the app is running")
    const timer = setTimeout(() => this.giveUp(503, "no instance of the app is running"), hold)
    const release = rotation.hold((upstream) => {
      stop()
      this.send(upstream, false)
      if (!this.bodySent) this.sendBody()
    })
    const stop = () => {
      this.stopWaiting = undefined
      clearTimeout(timer)
      release()
    }
    this.stopWaiting = stop
  }

  private switch(head: ResponseHead) {
    const { connection, detached, response } = this
    if (detached?.protocol === undefined || head.upgrade === undefined || connection === undefined)
      return this.giveUp(502, "the app switched protocols without being asked")
    try {
      response.detachSocket(detached.socket)
      joinTunnel(detached, connection, head)
    } catch {
      return this.reset()
    }
    this.connection = undefined
    this.state = "tunnel"
  }

  private flush() {
    if (this.small !== undefined) this.response.write(this.small, "latin1")
    else if (!this.hasBegun) this.response.flushHeaders()
    this.hasBegun = true
    this.small = undefined
  }

  private abandon() {
    this.connection?.abandon()
    this.connection = undefined
  }

  /** A client that was not told to go on may send its body or not: what it sends next could be read as either. */
  private get mustClose(): boolean {
    return (
      this.detached !== undefined || (this.sending.expectsContinue && !this.sent100 && !this.request.complete)
    )
  }
}

/** 103 (RFC 8297): its links alone, which is what Node can send. */
const hint = (response: ServerResponse, fields: ReadonlyArray<string>): void => {
  const link = fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === "link")
  try {
    if (link.length > 0) response.writeEarlyHints({ link })
  } catch {
    // A hint that Node finds malformed is one that the client can do without.
  }
}

const reasons = {
  400: "Bad Request",
  408: "Request Timeout",
  421: "Misdirected Request",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout"
} as const

type RefusalStatus = keyof typeof reasons

/** Answers in the app's place, in plain text. */
export const refuse = (
  response: ServerResponse,
  status: RefusalStatus,
  why: string,
  close: boolean
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
  if (close) fields.push("Connection", "close")
  response.writeHead(status, reasons[status], fields)
  response.end(text, "latin1")
}
