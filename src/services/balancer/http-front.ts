import * as Http from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { performance } from "node:perf_hooks"
import type { Address } from "./balancer.ts"
import { Exchange, type ExchangeFront, refuse } from "./exchange.ts"
import { requestHead } from "./request.ts"
import { Rotation } from "./rotation.ts"
import { type Detached, halfClosedLimit } from "./tunnel.ts"
import { Upstream } from "./upstream.ts"

/** Milliseconds. */
interface HttpFrontOptions {
  readonly hold: number
  readonly answerWithin: number
}

/** How often is looked for what is overdue: milliseconds. */
const tickEvery = 500
/** For how long a client may send nothing of a body it has begun, or read nothing of its answer: milliseconds. */
const clientLimit = 60_000
/** So many requests of a client may wait for the answer to the one before them: more than any client has been seen to send. */
const mostWaiting = 32

/** The front of one app: Node's HTTP server, which is strict, before connections of our own to the backends. */
export class HttpFront implements ExchangeFront {
  readonly rotation: Rotation<Upstream>
  readonly hold: number
  private readonly answerWithin: number
  private readonly exchanges = new Set<Exchange>()
  /** Connections of clients that sent what must be refused: what follows there may be anything. */
  private readonly distrusted = new WeakSet<Socket>()
  /** Of each connection on which requests came before the one before them was answered: those that had to wait. */
  private readonly pipelined = new WeakMap<Socket, Set<Exchange>>()
  private readonly server: Http.Server
  private readonly ticking: NodeJS.Timeout

  constructor({ hold, answerWithin }: HttpFrontOptions) {
    this.hold = hold
    this.answerWithin = answerWithin
    // What is read is used before the next read: one buffer is enough for all backends.
    const buffer = Buffer.allocUnsafeSlow(65_536)
    this.rotation = new Rotation((backend) => new Upstream(backend, buffer))
    const server = Http.createServer({
      insecureHTTPParser: false,
      requireHostHeader: true,
      maxHeaderSize: 16_384,
      headersTimeout: 30_000,
      // A whole request may take its time, as long as it moves: clientLimit.
      requestTimeout: 0,
      connectionsCheckingInterval: 5000,
      keepAliveTimeout: 75_000,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      noDelay: true
    })
    // Fields beyond it would vanish; maxHeaderSize is the limit.
    server.maxHeadersCount = 0
    // Not documented, but older than the documentation: a client that has closed its side still gets its answer.
    Object.assign(server, { httpAllowHalfOpen: true })
    server.on("request", (request, response) => this.accept(request, response))
    server.on("checkContinue", (request, response) => this.accept(request, response))
    server.on("upgrade", (request, socket, first) => this.upgrade(request, socket as Socket, first))
    this.server = server
    this.ticking = setInterval(() => this.tick(), Math.min(tickEvery, Math.max(10, answerWithin / 4)))
    this.ticking.unref()
  }

  listen({ host, port }: Address, done: (error: NodeJS.ErrnoException | undefined) => void) {
    this.server.once("error", done)
    this.server.listen({ host, port }, () => {
      this.server.off("error", done)
      // Such as EMFILE while accepting: the next connection may do better.
      this.server.on("error", () => {})
      done(undefined)
    })
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  close(done: () => void) {
    clearInterval(this.ticking)
    this.server.close(() => done())
    this.server.closeAllConnections()
    for (const exchange of [...this.exchanges]) exchange.reset()
    for (const upstream of this.rotation.all()) upstream.dropAll()
  }

  closed(exchange: Exchange) {
    this.exchanges.delete(exchange)
    this.pipelined.get(exchange.request.socket)?.delete(exchange)
  }

  private accept(request: Http.IncomingMessage, response: Http.ServerResponse, detached?: Detached) {
    if (this.distrusted.has(request.socket)) return
    const head = requestHead(request, detached?.protocol)
    if ("status" in head) {
      this.distrusted.add(request.socket)
      return refuse(response, head.status, head.why, true)
    }
    if (detached !== undefined && head.body !== "none")
      return refuse(response, 501, "an upgrade with a body is not understood", true)
    const exchange = new Exchange(this, request, response, head, detached)
    this.exchanges.add(exchange)
    if (detached === undefined) response.on("close", () => exchange.close())
    else detached.socket.on("close", () => exchange.close())
    if (response.socket === null && !this.queue(exchange)) return
    exchange.start()
  }

  /**
   * A response whose turn has not come has no connection yet, and does not hear of the end of the one it will get. Each
   * takes a connection to a backend already, of which one client is not to have any number: false when it has too many.
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
    if (waiting.size <= mostWaiting) return true
    this.distrusted.add(socket)
    socket.destroy()
    return false
  }

  /**
   * Only a WebSocket goes through. Behind any other upgrade (h2c) the client could say what a front forbids, so that is a
   * request like any other (RFC 9110 §7.8), after which the connection is closed.
   */
  private upgrade(request: Http.IncomingMessage, socket: Socket, first: Buffer) {
    socket.on("error", () => {})
    const response = new Http.ServerResponse(request)
    try {
      response.assignSocket(socket)
    } catch {
      // An earlier request of this connection is not answered yet, and Node has let go of both: there is no answer in order.
      socket.destroy()
      return
    }
    response.shouldKeepAlive = false
    response.on("finish", () => {
      response.detachSocket(socket)
      socket.destroySoon()
    })
    const protocol = /^websocket$/i.test(request.headers.upgrade ?? "") ? "websocket" : undefined
    this.accept(request, response, { socket, first, protocol })
  }

  private tick() {
    const now = performance.now()
    for (const upstream of this.rotation.all()) {
      upstream.settle(now)
      upstream.dropIdle(now)
    }
    const tickLength = Math.min(tickEvery, Math.max(10, this.answerWithin / 4))
    for (const exchange of this.exchanges) {
      exchange.quiet++
      const quietFor = exchange.quiet * tickLength
      const { state, request, response } = exchange
      if (state === "tunnel") continue
      if (request.socket.readableEnded && quietFor >= halfClosedLimit) exchange.reset()
      else if (state === "sent") {
        const awaitsClient = !request.complete && !request.isPaused()
        if (awaitsClient && quietFor >= clientLimit)
          exchange.giveUp(408, "the rest of the request did not come")
        else if (!awaitsClient && quietFor >= this.answerWithin)
          exchange.giveUp(504, "the app did not answer in time")
      } else if (state === "answering" && response.writableLength > 0 && quietFor >= clientLimit)
        exchange.reset()
    }
  }
}
