// Not the global one: the build takes that out, for what effect does with it.
import { performance } from "node:perf_hooks"
import type { Backend } from "./balancer.ts"
import { Connection } from "./connection.ts"
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
