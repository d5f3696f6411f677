import * as Net from "node:net"
// Not the global one: the build takes that out, for what effect does with it.
import { performance } from "node:perf_hooks"
import type { Backend } from "./balancer.ts"
import { ResponseReader, type ResponseTaker } from "./response.ts"
import { Member } from "./rotation.ts"

/** For how many milliseconds at least a backend is left alone whose connection broke: a killed process takes its time to go. */
const doubtLimit = 2000

/** A backend and the connections to it. */
export class Upstream extends Member {
  private readonly open = new Set<Connection>()
  /** The last used is the first taken, so that the others grow old. */
  private readonly idle: Array<Connection> = []
  private readonly buffer: Buffer
  private doubtfulUntil = 0

  /** The buffer is what all of them read into, one at a time. */
  constructor(backend: Backend, buffer: Buffer) {
    super(backend)
    this.buffer = buffer
  }

  doubt() {
    this.isDoubtful = true
    this.doubtfulUntil = performance.now() + doubtLimit
  }

  settle(now: number) {
    if (now >= this.doubtfulUntil) this.isDoubtful = false
  }

  /** A connection that is kept, if it is young enough, else a new one. */
  connect(mustBeNew: boolean): Connection {
    const now = mustBeNew ? 0 : performance.now()
    for (let kept = mustBeNew ? undefined : this.idle.pop(); kept !== undefined; kept = this.idle.pop()) {
      if (now < kept.usableUntil) return kept
      kept.destroy()
    }
    const connection = new Connection(this, this.buffer)
    this.open.add(connection)
    return connection
  }

  /** The connection has done what it was taken for. */
  giveBack(connection: Connection, keptFor: number) {
    if (keptFor <= 0 || this.state !== "serving") return connection.destroy()
    connection.usableUntil = performance.now() + keptFor
    this.idle.push(connection)
  }

  closed(connection: Connection) {
    this.open.delete(connection)
    const at = this.idle.lastIndexOf(connection)
    if (at >= 0) this.idle.splice(at, 1)
  }

  dropIdle(olderThan = Number.POSITIVE_INFINITY) {
    for (const connection of [...this.idle]) {
      if (connection.usableUntil <= olderThan) connection.destroy()
    }
  }

  dropAll() {
    for (const connection of [...this.open]) connection.destroy(new Error("the backend was removed"))
  }
}

/**
 * For how many milliseconds a connection to a backend is kept idle: less than the 5 seconds after which Node closes its end
 * (server.keepAliveTimeout), which would otherwise cross the next request on its way.
 */
const idleLimit = 4000

/** What a connection works for. */
export interface Occupant extends ResponseTaker {
  /** That was all for now, and the response goes on. */
  readonly more: () => void
  /** The response is whole and nothing came after it. */
  readonly done: (connection: Connection) => void
  /** It ended, or what came is no HTTP: nothing more comes. `code` is the errno's name where there is one. */
  readonly failed: (connection: Connection, code: string | undefined) => void
  /** What was written has left, after `write` has said no. */
  readonly writable: () => void
}

/** What takes a connection over that is no longer HTTP. */
interface TunnelEnd {
  readonly bytes: (bytes: Buffer) => void
  readonly end: () => void
  readonly writable: () => void
  readonly closed: () => void
}

/**
 * One TCP connection to a backend: requests one after another, or a tunnel. It reads into a buffer that it shares, which
 * spares a stream for every response: bytes must be used or copied before the call returns.
 */
export class Connection {
  readonly upstream: Upstream
  /** Whether an earlier request was answered on it. */
  isUsed = false
  usableUntil = 0
  private readonly socket: Net.Socket
  private readonly reader = new ResponseReader(idleLimit)
  private occupant: Occupant | undefined
  private tunnel: TunnelEnd | undefined
  private code: string | undefined

  constructor(upstream: Upstream, buffer: Buffer) {
    this.upstream = upstream
    const socket = Net.connect({
      host: "127.0.0.1",
      port: upstream.port,
      noDelay: true,
      allowHalfOpen: true,
      onread: {
        buffer,
        callback: (length, bytes) => {
          this.read(bytes as Buffer, length)
          return true
        }
      }
    })
    this.socket = socket
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.code = error.code
    })
    socket.on("drain", () => (this.tunnel ?? this.occupant)?.writable())
    socket.on("end", () => this.ended())
    socket.on("close", () => this.closed())
  }

  occupy(occupant: Occupant, isHead: boolean) {
    this.occupant = occupant
    this.reader.expect(occupant, isHead)
  }

  /** From now on it is no longer HTTP. */
  becomeTunnel(tunnel: TunnelEnd) {
    this.occupant = undefined
    this.tunnel = tunnel
  }

  /** False when it is better to wait until `writable` is called. */
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

  /** The occupant leaves; the backend may have more to do for it, of which nobody will hear. */
  abandon() {
    this.occupant = undefined
    this.destroy()
  }

  destroy(error?: Error) {
    this.usableUntil = 0
    this.socket.destroy(error)
  }

  private read(buffer: Buffer, length: number) {
    if (this.tunnel !== undefined) return this.tunnel.bytes(buffer.subarray(0, length))
    const { occupant } = this
    // Nobody has asked for anything.
    if (occupant === undefined) return this.destroy()
    const reading = this.reader.read(buffer, length)
    const tunnel = this.tunnel as TunnelEnd | undefined
    if (tunnel !== undefined && this.reader.surplus !== undefined) tunnel.bytes(this.reader.surplus)
    if (tunnel !== undefined || this.occupant !== occupant) return
    if (reading === "more") return occupant.more()
    if (reading === "end") {
      this.occupant = undefined
      this.isUsed = true
      return occupant.done(this)
    }
    this.fail(occupant, reading)
  }

  private ended() {
    if (this.tunnel !== undefined) return this.tunnel.end()
    const { occupant } = this
    if (occupant !== undefined && this.reader.close()) {
      this.occupant = undefined
      occupant.done(this)
    }
    this.destroy()
  }

  private closed() {
    this.upstream.closed(this)
    this.tunnel?.closed()
    if (this.occupant !== undefined) this.fail(this.occupant, this.code)
  }

  private fail(occupant: Occupant, code: string | undefined) {
    this.occupant = undefined
    occupant.failed(this, code)
    this.destroy()
  }
}
