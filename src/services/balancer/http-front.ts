import * as Http from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { performance } from "node:perf_hooks"
import type { Address } from "./balancer.ts"
import { Exchange, type ExchangeFront, respondWithError } from "./exchange.ts"
import { Lingering } from "./linger.ts"
import { requestHead } from "./request.ts"
import { Rotation } from "./rotation.ts"
import { type DetachedClient, halfClosedLimit } from "./tunnel.ts"
import { Upstream } from "./upstream.ts"

/** In milliseconds. */
interface HttpFrontOptions {
  readonly hold: number
  readonly answerWithin: number
}

/** How often the front looks for what is overdue: milliseconds. */
const tickInterval = 500
/** For how long a client may send nothing of a body it began, or read nothing of its response: milliseconds. */
const clientStallLimit = 60_000
/** How many requests of one connection may wait behind an earlier one: more than any client has been seen to pipeline. */
const maxPipelined = 32

/** An app's front: Node's HTTP server, which is strict, in front of our own connections to the backends. */
export class HttpFront implements ExchangeFront {
  readonly rotation: Rotation<Upstream>
  readonly hold: number
  private readonly answerWithin: number
  private readonly tickInterval: number
  private readonly exchanges = new Set<Exchange>()
  /** Connections that get no further response: they are about to close, and whatever follows there is ignored. */
  private readonly closing = new WeakSet<Socket>()
  private readonly lingering = new Lingering()
  /** The requests that wait behind an earlier one of their connection. */
  private readonly pipelined = new WeakMap<Socket, Set<Exchange>>()
  private readonly server: Http.Server
  private readonly clock: NodeJS.Timeout

  constructor({ hold, answerWithin }: HttpFrontOptions) {
    this.hold = hold
    this.answerWithin = answerWithin
    this.tickInterval = Math.min(tickInterval, Math.max(10, answerWithin / 4))
    // Bytes are handled before the next read, so one buffer is enough for all backends.
    const buffer = Buffer.allocUnsafeSlow(65_536)
    this.rotation = new Rotation((backend) => new Upstream(backend, buffer))
    const server = Http.createServer({
      IncomingMessage: requestClass(),
      insecureHTTPParser: false,
      requireHostHeader: true,
      maxHeaderSize: 16_384,
      headersTimeout: 30_000,
      // A request may take as long as it likes, provided that it makes progress: clientStallLimit.
      requestTimeout: 0,
      connectionsCheckingInterval: 5000,
      keepAliveTimeout: 75_000,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      noDelay: true
    })
    // Node would silently drop fields beyond this count. maxHeaderSize is the limit instead.
    server.maxHeadersCount = 0
    // Undocumented, but older than the documentation: a client that closed its side still gets its response.
    Object.assign(server, { httpAllowHalfOpen: true })
    server.on("request", (request, response) => this.accept(request, response))
    server.on("checkContinue", (request, response) => this.accept(request, response))
    server.on("upgrade", (request, socket, first) => this.upgrade(request, socket as Socket, first))
    this.server = server
    this.clock = setInterval(() => this.tick(), this.tickInterval)
    this.clock.unref()
  }

  listen({ host, port }: Address, done: (error: NodeJS.ErrnoException | undefined) => void) {
    this.server.once("error", done)
    this.server.listen({ host, port }, () => {
      this.server.off("error", done)
      // Such as EMFILE in accept: the next connection may succeed.
      this.server.on("error", () => {})
      done(undefined)
    })
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  close(done: () => void) {
    clearInterval(this.clock)
    this.server.close(() => done())
    this.server.closeAllConnections()
    for (const exchange of [...this.exchanges]) exchange.reset()
    for (const upstream of this.rotation.all()) upstream.closeAll()
  }

  closed(exchange: Exchange) {
    this.exchanges.delete(exchange)
    this.pipelined.get(exchange.request.socket)?.delete(exchange)
  }

  private accept(request: Http.IncomingMessage, response: Http.ServerResponse, detached?: DetachedClient) {
    if (this.closing.has(request.socket)) return
    const head = requestHead(request, detached?.protocol)
    if ("status" in head) {
      this.closing.add(request.socket)
      this.deferClose(request)
      response.on("close", () => this.lingering.add(request))
      return respondWithError(response, head.status, head.why, true)
    }
    if (head.body !== "none") this.deferClose(request)
    if (head.hasUpgrade) this.closing.add(request.socket)
    const exchange = new Exchange(this, request, response, head, detached)
    this.exchanges.add(exchange)
    if (detached === undefined)
      response.on("close", () => {
        exchange.close()
        this.lingering.add(request)
      })
    else detached.socket.on("close", () => exchange.close())
    if (response.socket === null && !this.queue(exchange)) return
    exchange.start()
  }

  private deferClose(request: Http.IncomingMessage) {
    this.lingering.defer(request, () => this.closing.add(request.socket))
  }

  /**
   * Closes the exchange with its client's connection: a response that waits for its turn has no socket yet, and would not
   * hear of that. Each takes a connection to a backend already, so a client may not queue any number. False for too many.
   */
  private queue(exchange: Exchange): boolean {
    const { socket } = exchange.request
    const waiting = this.pipelined.get(socket) ?? new Set<Exchange>()
    if (!this.pipelined.has(socket)) {
      this.pipelined.set(socket, waiting)
      socket.once("close", () => {
        for (const each of [...waiting]) each.close()
      })
    }
    waiting.add(exchange)
    if (waiting.size <= maxPipelined) return true
    this.closing.add(socket)
    socket.destroy()
    return false
  }

  /** Node has detached the connection. Only WebSocket is forwarded: see {@link isWebSocket}. */
  private upgrade(request: Http.IncomingMessage, socket: Socket, first: Buffer) {
    socket.on("error", () => {})
    const response = new Http.ServerResponse(request)
    try {
      response.assignSocket(socket)
    } catch {
      // An earlier request of this connection has no response yet, and Node has let go of both: no answer would be in order.
      socket.destroy()
      return
    }
    response.shouldKeepAlive = false
    response.on("finish", () => {
      response.detachSocket(socket)
      socket.destroySoon()
    })
    const protocol = isWebSocket(request) ? "websocket" : undefined
    this.accept(request, response, { socket, first, protocol })
  }

  private tick() {
    const now = performance.now()
    for (const upstream of this.rotation.all()) upstream.expire(now)
    this.lingering.tick(this.tickInterval)
    for (const exchange of this.exchanges) {
      exchange.idleTicks++
      this.endIfOverdue(exchange, exchange.idleTicks * this.tickInterval)
    }
  }

  private endIfOverdue(exchange: Exchange, idleFor: number) {
    const { state, request, response } = exchange
    if (state === "tunnel") return
    if (request.socket.readableEnded && idleFor >= halfClosedLimit) return exchange.reset()
    if (state === "sent") {
      const awaitsClient = !request.complete && !request.isPaused()
      if (awaitsClient && idleFor >= clientStallLimit)
        exchange.fail(408, "the rest of the request did not arrive")
      else if (!awaitsClient && idleFor >= this.answerWithin)
        exchange.fail(504, "the app did not respond in time")
    } else if (state === "answering" && response.writableLength > 0 && idleFor >= clientStallLimit)
      exchange.reset()
  }
}

/**
 * Inside another protocol (h2c) the client could say what the front forbids, so any other upgrade is ignored, as a server may
 * (RFC 9110 §7.8): the request is an ordinary one, the last of its connection.
 */
const isWebSocket = ({ headers }: Http.IncomingMessage): boolean => /^websocket$/i.test(headers.upgrade ?? "")

const hasBody = ({ headers }: Http.IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0"

/**
 * Node detaches the connection of each request that its parser marks as an upgrade, and its body would be lost: Java's HTTP client
 * and `curl --http2` ask for h2c with every POST. With a body, the mark is removed, except from CONNECT: without a handler for it,
 * Node closes the connection. (A class at module level would load node:http in every command.)
 */
const requestClass = (): typeof Http.IncomingMessage =>
  class extends Http.IncomingMessage {
    private isMarked = false

    get upgrade(): boolean {
      return this.isMarked && (this.method === "CONNECT" || !hasBody(this))
    }

    set upgrade(isMarked: boolean) {
      this.isMarked = isMarked
    }
  }
