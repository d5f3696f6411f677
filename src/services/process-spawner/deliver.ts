import * as Fs from "node:fs"
import { socketOf } from "./socket.ts"

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
