import * as Fs from "node:fs"
import * as Net from "node:net"
import { performance } from "node:perf_hooks"
import { maxReportLength, type PortReport, portReport } from "../../domain/port-report.ts"

/** A text on its way into a pipe. */
export interface Delivery {
  /** Once there is a reader: writes what the pipe had no room for as it is read, and closes the pipe. Throws an errno. */
  readonly finish: () => void
  /** Gives up what has not been delivered, and closes the pipe; does nothing a second time. */
  readonly abandon: () => void
}

/**
 * Writes to a pipe that does not block as much as it has room for (64 KiB, pipe(7)); when that is all of the text, the
 * pipe is closed, and nothing can cut it off any more. A reader that is gone (EPIPE) has what it wanted.
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
    // There is less room than usual, and not even enough for a page.
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : bytes.length
  }
}

// Not the global one: the build takes that out, for what effect does with it.

/** Reading what a process writes. */
export interface Output {
  /** The process has ended: hands on what it has written. What it leaves behind may still write. */
  readonly finish: () => void
  /** Nobody is to write any more. */
  readonly close: () => void
}

/** Hands on what is written into the pipe, whose read end, which does not block, is closed at its end. Throws an errno. */
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
      rest(socket, performance.now() - began)
    })
  // It must not keep a process alive that has nothing else to do.
  socket.unref()
  return {
    finish: () => {
      // What came while it rested, which goes the usual way.
      while (socket.read() !== null);
      // No more than was in it: what the process leaves behind may fill it up again faster than it is read, for ever.
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

/** How many outputs are resting. */
let resting = 0
/** All outputs together get the fourth part of our time at most: others wait for us as well. */
const restFor = 4

/** Whoever writes more than is read has to wait meanwhile, as at any full pipe. */
const rest = (socket: Net.Socket, took: number): void => {
  if (took < 1) return
  resting++
  socket.pause()
  setTimeout(
    () => {
      resting--
      socket.resume()
    },
    took * restFor * resting
  ).unref()
}

/** Of a pipe, in bytes, where nobody has changed it: pipe(7). */
const capacity = 65_536

/** Undefined at the end, and when there is nothing now (EAGAIN). */
const readNow = (fd: number): Uint8Array | undefined => {
  const bytes = new Uint8Array(capacity)
  try {
    const length = Fs.readSync(fd, bytes)
    return length === 0 ? undefined : bytes.subarray(0, length)
  } catch {
    return undefined
  }
}

/** Reading fd 4 of a process. */
export interface Readiness {
  /** The process has ended: what it has written counts, and there will be no more. Closes our end. */
  readonly finish: () => void
}

/** Tells once what is written into the pipe, whose read end, which does not block, is closed then. Throws an errno. */
export const readReadiness = (readEnd: number, onReport: (report: PortReport) => void): Readiness => {
  const socket = open(readEnd)
  let seen = Buffer.alloc(0)
  let told = false
  const take = (more: Uint8Array, isEnd: boolean): void => {
    if (told) return
    seen = Buffer.concat([seen, more]).subarray(0, maxReportLength)
    const report = portReport(seen, isEnd)
    if (report === undefined) return
    told = true
    socket.destroy()
    onReport(report)
  }
  const end = () => take(noBytes, true)
  socket.on("data", (chunk: Buffer) => take(chunk, false))
  socket.once("end", end).once("close", end).on("error", end)
  return { finish: () => take(told ? noBytes : (readNow(readEnd) ?? noBytes), true) }
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

/**
 * Our end of a pipe, which it closes when it is destroyed.
 *
 * Node's sockets look at process.stderr when they close (lib/net.js), which makes it; and that sets O_NONBLOCK
 * (libuv's uv_pipe_open) on a pipe that a program which runs has from us for its stderr: its writes would fail with
 * EAGAIN.
 */
export const socketOf = (fd: number, options: { readonly readable: boolean }): Net.Socket => {
  // Not at module level: it would have node:net loaded by every command.
  class OurEnd extends Net.Socket {
    override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
      const stderr = Object.getOwnPropertyDescriptor(process, "stderr") as PropertyDescriptor
      Object.defineProperty(process, "stderr", { configurable: true, get: () => undefined })
      try {
        super._destroy(error, callback)
      } finally {
        Object.defineProperty(process, "stderr", stderr)
      }
    }
  }
  return new OurEnd({ fd, readable: options.readable, writable: !options.readable })
}
