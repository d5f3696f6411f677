import * as Fs from "node:fs"
import * as Net from "node:net"

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
      const writer = writerTo(writeEnd)
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

/**
 * Node's sockets look at process.stderr when they close (lib/net.js), which makes it; and that sets O_NONBLOCK
 * (libuv's uv_pipe_open) on a pipe that a program which runs has from us for its stderr: its writes would fail with
 * EAGAIN.
 */
const writerTo = (fd: number): Net.Socket => {
  class Writer extends Net.Socket {
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
  return new Writer({ fd, readable: false, writable: true })
}
