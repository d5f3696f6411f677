import * as Fs from "node:fs"
import * as Net from "node:net"
import { performance } from "node:perf_hooks"
import { maxReportLength, type PortReport, portReport } from "../../domain/port-report.ts"

/** The part of a text that a pipe has no room for yet. */
interface Delivery {
  /** Writes the rest as the reader makes room, then closes the pipe. Throws an errno. */
  readonly finish: () => void
  /** Drops the rest and closes the pipe. Idempotent. */
  readonly abandon: () => void
}

/**
 * Writes as much as a non-blocking pipe has room for (64 KiB, pipe(7)). If that is all of the text, the pipe is closed, and the
 * reader gets it whatever happens to this process. If the reader is gone (EPIPE), the rest is dropped.
 */
export const deliver = (writeEnd: number, text: string): Delivery => {
  const bytes = Buffer.from(text)
  const written = writeNow(writeEnd, bytes)
  if (written === bytes.length) {
    Fs.closeSync(writeEnd)
    return { finish: () => {}, abandon: () => {} }
  }
  let close = () => Fs.closeSync(writeEnd)
  return {
    finish: () => {
      const writer = socketOf(writeEnd, { readable: false })
      close = () => void writer.destroy()
      writer.on("error", close)
      writer.end(bytes.subarray(written))
    },
    abandon: () => {
      close()
      close = () => {}
    }
  }
}

const writeNow = (fd: number, bytes: Buffer): number => {
  try {
    return Fs.writeSync(fd, bytes)
  } catch (error) {
    // The pipe is smaller than usual and has no room for a page.
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : bytes.length
  }
}

// Not the global one: the build takes that out, for what effect does with it.

/** Reads the output of a process. */
export interface Output {
  /** The process exited: delivers what it has written. Its children may still write. */
  readonly finish: () => void
  /** Stops reading. */
  readonly close: () => void
}

/**
 * Delivers what is written to a pipe, and closes its non-blocking read end at EOF. Throws an errno. Not platform-node's NodeStream: the
 * pipe must not keep this process alive, and what it holds when its writer exits is read synchronously.
 */
export const readOutput = (readEnd: number, onPiece: (piece: Uint8Array) => void): Output => {
  let socket: Net.Socket
  try {
    socket = socketOf(readEnd, { readable: true })
  } catch (error) {
    Fs.closeSync(readEnd)
    throw error
  }
  socket
    .on("error", () => {})
    .on("data", (piece: Uint8Array) => {
      const began = performance.now()
      onPiece(piece)
      throttle(socket, performance.now() - began)
    })
  // An open output must not keep this process alive.
  socket.unref()
  return {
    finish: () => {
      // What the socket buffered while it was paused is delivered as usual.
      while (socket.read() !== null);
      // At most one pipe's worth: children may refill it faster than it is read.
      for (let left = capacity; left > 0; ) {
        const piece = socket.destroyed ? undefined : readNow(readEnd)
        if (piece === undefined) return
        left -= piece.length
        onPiece(piece)
      }
    },
    close: () => void socket.destroy()
  }
}

/** The number of paused outputs. */
let paused = 0
/** Outputs together may use at most a fifth of this process's time, since everything else waits meanwhile. */
const pauseFactor = 4

/** Pauses an output in proportion to the time it took. Its writer then blocks on a full pipe. */
const throttle = (socket: Net.Socket, took: number): void => {
  if (took < 1) return
  paused++
  socket.pause()
  setTimeout(
    () => {
      paused--
      socket.resume()
    },
    took * pauseFactor * paused
  ).unref()
}

/** The default capacity of a pipe in bytes (pipe(7)). */
const capacity = 65_536

/** Undefined at EOF, and if nothing is available (EAGAIN). */
const readNow = (fd: number): Uint8Array | undefined => {
  const bytes = new Uint8Array(capacity)
  try {
    const length = Fs.readSync(fd, bytes)
    return length === 0 ? undefined : bytes.subarray(0, length)
  } catch {
    return undefined
  }
}

/** Reads the port report on fd 4 of a process. */
export interface Readiness {
  /** The process exited: evaluates what it has written, and closes our end. */
  readonly finish: () => void
}

/** Calls `onReport` once, and closes the non-blocking read end. Throws an errno. */
export const readReadiness = (readEnd: number, onReport: (report: PortReport) => void): Readiness => {
  const socket = open(readEnd)
  let seen = Buffer.alloc(0)
  let isReported = false
  const take = (more: Uint8Array, isEnd: boolean): void => {
    if (isReported) return
    seen = Buffer.concat([seen, more]).subarray(0, maxReportLength)
    const report = portReport(seen, isEnd)
    if (report === undefined) return
    isReported = true
    socket.destroy()
    onReport(report)
  }
  const end = () => take(noBytes, true)
  socket.on("data", (chunk: Buffer) => take(chunk, false))
  socket.once("end", end).once("close", end).on("error", end)
  return { finish: () => take(isReported ? noBytes : (readNow(readEnd) ?? noBytes), true) }
}

const open = (readEnd: number): Net.Socket => {
  try {
    return socketOf(readEnd, { readable: true })
  } catch (error) {
    Fs.closeSync(readEnd)
    throw error
  }
}

const noBytes = new Uint8Array()

/** A socket for our end of a pipe, which it closes when it is destroyed. */
export const socketOf = (fd: number, options: { readonly readable: boolean }): Net.Socket =>
  destroyWithoutStderr(new Net.Socket({ fd, readable: options.readable, writable: !options.readable }))

/**
 * When a socket closes, Node reads process.stderr (lib/net.js), which creates it. That sets O_NONBLOCK (libuv's uv_pipe_open)
 * on our stderr. If it is a pipe that a running program shares, the program's writes would fail with EAGAIN.
 */
export const destroyWithoutStderr = (socket: Net.Socket): Net.Socket => {
  const destroy = socket._destroy
  socket._destroy = (error, callback) => {
    const stderr = Object.getOwnPropertyDescriptor(process, "stderr") as PropertyDescriptor
    Object.defineProperty(process, "stderr", { configurable: true, get: () => undefined })
    try {
      destroy.call(socket, error, callback)
    } finally {
      Object.defineProperty(process, "stderr", stderr)
    }
  }
  return socket
}
