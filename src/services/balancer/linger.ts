import type { IncomingMessage } from "node:http"
import * as Net from "node:net"

/** For how long a client may pause, in ms, in a body that nobody needs any more. */
const silenceLimit = 5000
/** For how long it may go on sending such a body: milliseconds. */
const totalLimit = 30_000

/**
 * Requests whose response was complete before they were. The rest of their body is read and discarded, within limits: some
 * clients read nothing before they have sent everything, and closing at once would send a reset, which can destroy the
 * response on its way to the client (RFC 9112 §9.6).
 */
export class Lingering {
  private readonly requests = new Map<IncomingMessage, { silent: number; total: number }>()

  /** Call before the response ends. `onLast` is called if the connection closes after it, while the request goes on. */
  defer(request: IncomingMessage, onLast: () => void): void {
    const { socket } = request
    const destroySoon = () => Net.Socket.prototype.destroySoon.call(socket)
    // Node calls this after the last response of a connection.
    socket.destroySoon = () => {
      if (request.complete || socket.destroyed) return destroySoon()
      onLast()
      socket.end()
      request.once("end", destroySoon)
    }
  }

  /** The response is complete. */
  add(request: IncomingMessage): void {
    const { socket } = request
    if (request.complete || socket.destroyed) return
    const times = { silent: 0, total: 0 }
    this.requests.set(request, times)
    const remove = () => this.requests.delete(request)
    request.on("data", () => {
      times.silent = 0
    })
    request.once("end", remove)
    socket.once("close", remove)
    request.resume()
  }

  /** So many milliseconds have passed. */
  tick(elapsed: number): void {
    for (const [{ socket }, times] of this.requests) {
      times.silent += elapsed
      times.total += elapsed
      if (times.silent >= silenceLimit || times.total >= totalLimit) socket.destroy()
    }
  }
}
