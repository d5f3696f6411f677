import * as Fs from "node:fs"
import * as Net from "node:net"

/** Gives up what has not been delivered. */
export type Abandon = () => void

/**
 * Writes all of the text to a pipe that does not block, and closes it: at once as far as the pipe has room (64 KiB,
 * pipe(7)), the rest as the reader reads. A reader that is gone (EPIPE) has what it wanted.
 */
export const deliver = (writeEnd: number, text: string): Abandon => {
  const bytes = Buffer.from(text)
  const written = writeNow(writeEnd, bytes)
  if (written === bytes.length) {
    Fs.closeSync(writeEnd)
    return () => {}
  }
  const writer = writerTo(writeEnd)
  writer.on("error", () => writer.destroy())
  writer.end(bytes.subarray(written))
  return () => {
    writer.destroy()
  }
}

const writerTo = (fd: number): Net.Socket => {
  try {
    return new Writer({ fd, readable: false, writable: true })
  } catch (error) {
    Fs.closeSync(fd)
    throw error
  }
}

const writeNow = (fd: number, bytes: Buffer): number => {
  try {
    return Fs.writeSync(fd, bytes)
  } catch (error) {
    // Full to the brim: there is less room than usual (EAGAIN).
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : bytes.length
  }
}

/**
 * Node's sockets look at process.stderr when they close (lib/net.js), which makes it; and that sets O_NONBLOCK
 * (libuv's uv_pipe_open) on a pipe that a program which runs has from us for its stderr: its writes would fail with
 * EAGAIN.
 */
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
