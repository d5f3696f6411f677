import * as Net from "node:net"
// Not the global: the build takes that away from Effect.
import { performance } from "node:perf_hooks"
import type { Backend } from "./balancer.ts"
import { type Problem, type ResponseHandler, ResponseReader } from "./response.ts"
import { Member } from "./rotation.ts"

/** For how long a backend gets requests last after a connection to it broke: a killed process takes a while to die. Milliseconds. */
const suspicionPeriod = 2000
/**
 * For how long a connection to a backend is kept idle: less than the 5 seconds after which Node closes its end
 * (server.keepAliveTimeout), which could cross the next request on the way. Milliseconds.
 */
const maxIdle = 4000

/** A backend and the pool of connections to it. */
export class Upstream extends Member {
  private readonly open = new Set<Connection>()
  /** The most recently used is taken first, so that the others can age out. */
  private readonly idle: Array<Connection> = []
  private readonly buffer: Buffer
  private suspectUntil = 0

  /** All connections read into this buffer, one at a time. */
  constructor(backend: Backend, buffer: Buffer) {
    super(backend)
    this.buffer = buffer
  }

  suspect() {
    this.isSuspect = true
    this.suspectUntil = performance.now() + suspicionPeriod
  }

  /** Ends the suspicion when its time is over, and closes connections that have been idle for too long. */
  expire(now: number) {
    if (now >= this.suspectUntil) this.isSuspect = false
    this.closeIdle(now)
  }

  /** An idle connection that is young enough, or else a new one. */
  connect(mustBeNew: boolean): Connection {
    const now = mustBeNew ? 0 : performance.now()
    for (let idle = mustBeNew ? undefined : this.idle.pop(); idle !== undefined; idle = this.idle.pop()) {
      if (now < idle.usableUntil) return idle
      idle.destroy()
    }
    const connection = new Connection(this, this.buffer)
    this.open.add(connection)
    return connection
  }

  /** Puts the connection back into the pool for so many milliseconds. */
  release(connection: Connection, keepAlive: number) {
    if (keepAlive <= 0 || connection.isBroken || this.state !== "serving") return connection.destroy()
    connection.usableUntil = performance.now() + keepAlive
    this.idle.push(connection)
  }

  closed(connection: Connection) {
    this.open.delete(connection)
    const at = this.idle.lastIndexOf(connection)
    if (at >= 0) this.idle.splice(at, 1)
  }

  closeIdle(usableUntil = Number.POSITIVE_INFINITY) {
    for (const connection of [...this.idle]) {
      if (connection.usableUntil <= usableUntil) connection.destroy()
    }
  }

  closeAll() {
    for (const connection of [...this.open]) connection.destroy(new Error("the backend was removed"))
  }
}

/** The exchange that a connection works for. */
export interface ConnectionHandler extends ResponseHandler {
  /** The bytes that arrived have been handled, and the response is not complete. */
  readonly onPartial: () => void
  /** The response is complete, and nothing followed it. */
  readonly onComplete: (connection: Connection) => void
  /** The connection broke, or what arrived is not HTTP. `code` is the errno's name if there is one. */
  readonly onFailure: (connection: Connection, code: string | undefined) => void
  /** There is room again after `write` returned false. */
  readonly onDrain: () => void
}

/** Takes over a connection that no longer carries HTTP. */
interface TunnelHandler {
  readonly onBytes: (bytes: Buffer) => void
  readonly onEnd: () => void
  readonly onDrain: () => void
  readonly onClose: () => void
}

/**
 * A backend may answer before it has read the whole request, and close: what is written afterwards fails, and Node would
 * destroy the socket with the answer still unread in it. So a failed write, and all that follow it, count as done, and
 * reading goes on until the backend's end or error.
 *
 * Not a subclass of the socket, for which every command would load node:net.
 */
class FailedWrites {
  /** Whether a write failed. */
  areSeen = false
  /** False for a tunnel, which ends as soon as one direction fails. */
  areSurvived = true

  constructor(socket: Net.Socket) {
    const write = socket._write.bind(socket)
    const writev = socket._writev?.bind(socket)
    socket._write = (chunk, encoding, done) => {
      if (this.areSeen) done()
      else write(chunk, encoding, this.andThen(done))
    }
    socket._writev = (chunks, done) => {
      if (this.areSeen) done()
      else writev?.(chunks, this.andThen(done))
    }
  }

  private andThen(done: (error?: Error | null) => void) {
    return (error?: Error | null) => {
      if (error) this.areSeen = true
      done(this.areSurvived ? undefined : error)
    }
  }
}

/**
 * One TCP connection to a backend, for one request after another or for a tunnel. All connections read into one buffer,
 * which saves a stream for each response: bytes must be used or copied before the callback returns.
 */
export class Connection {
  readonly upstream: Upstream
  /** Whether it has carried an earlier request. */
  isReused = false
  usableUntil = 0
  private readonly socket: Net.Socket
  private readonly failedWrites: FailedWrites
  private readonly reader = new ResponseReader(maxIdle)
  private handler: ConnectionHandler | undefined
  private tunnel: TunnelHandler | undefined
  private code: string | undefined

  constructor(upstream: Upstream, buffer: Buffer) {
    this.upstream = upstream
    // The types know `onread` only as an option of `connect`. It is one of the constructor, which `connect` calls.
    const options: Net.SocketConstructorOpts & Pick<Net.TcpNetConnectOpts, "onread"> = {
      allowHalfOpen: true,
      onread: {
        buffer,
        callback: (length, bytes) => {
          this.read(bytes as Buffer, length)
          return true
        }
      }
    }
    const socket = new Net.Socket(options)
    this.socket = socket
    this.failedWrites = new FailedWrites(socket)
    socket.setNoDelay(true)
    socket.connect({ host: "127.0.0.1", port: upstream.port })
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.code = error.code
    })
    socket.on("drain", () => (this.tunnel ?? this.handler)?.onDrain())
    socket.on("end", () => this.ended())
    socket.on("close", () => this.closed())
  }

  /** What was wrong with a response that failed. */
  get problem(): Problem | undefined {
    return this.reader.problem
  }

  /** Whether a write failed: it may still read a response, and carries no other request. */
  get isBroken(): boolean {
    return this.failedWrites.areSeen
  }

  /** Works for this exchange from now on, whose request may be a HEAD request. */
  assign(handler: ConnectionHandler, isHead: boolean) {
    this.handler = handler
    this.reader.expect(handler, isHead)
  }

  switchToTunnel(tunnel: TunnelHandler) {
    this.handler = undefined
    this.tunnel = tunnel
    this.failedWrites.areSurvived = false
    if (this.isBroken) this.destroy()
  }

  /** False if the caller should wait for `onDrain`. */
  write(text: string | Buffer, encoding?: "latin1"): boolean {
    return encoding === undefined ? this.socket.write(text) : this.socket.write(text, encoding)
  }

  /** Closes our side. */
  end() {
    this.socket.end()
  }

  cork() {
    this.socket.cork()
  }

  uncork() {
    this.socket.uncork()
  }

  pause() {
    this.socket.pause()
  }

  resume() {
    this.socket.resume()
  }

  /** Drops the exchange with the connection: nobody waits for the response any more. */
  abandon() {
    this.handler = undefined
    this.destroy()
  }

  destroy(error?: Error) {
    this.usableUntil = 0
    this.socket.destroy(error)
  }

  private read(buffer: Buffer, length: number) {
    if (this.tunnel !== undefined) return this.tunnel.onBytes(buffer.subarray(0, length))
    const { handler } = this
    // No request is waiting for these bytes.
    if (handler === undefined) return this.destroy()
    const result = this.reader.read(buffer, length)
    // The handler may have switched or abandoned this connection while it was called.
    const tunnel = this.tunnel as TunnelHandler | undefined
    if (tunnel !== undefined && this.reader.surplus !== undefined) tunnel.onBytes(this.reader.surplus)
    if (tunnel !== undefined || this.handler !== handler) return
    if (result === "more") return handler.onPartial()
    if (result === "end") {
      this.handler = undefined
      this.isReused = true
      return handler.onComplete(this)
    }
    this.fail(handler, result)
  }

  private ended() {
    if (this.tunnel !== undefined) return this.tunnel.onEnd()
    const { handler } = this
    // After a failed write this may be a reset, which must not pass for the end of the body (RFC 9112 §8).
    if (handler !== undefined && !this.isBroken && this.reader.close()) {
      this.handler = undefined
      handler.onComplete(this)
    }
    this.destroy()
  }

  private closed() {
    this.upstream.closed(this)
    this.tunnel?.onClose()
    if (this.handler !== undefined) this.fail(this.handler, this.code)
  }

  private fail(handler: ConnectionHandler, code: string | undefined) {
    this.handler = undefined
    handler.onFailure(this, code)
    this.destroy()
  }
}
