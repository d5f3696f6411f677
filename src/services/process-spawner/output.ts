import * as Fs from "node:fs"
import type * as Net from "node:net"
import { socketOf } from "./socket.ts"

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
  socket.on("data", onPiece).on("error", () => {})
  // It must not keep a process alive that has nothing else to do.
  socket.unref()
  return {
    finish: () => {
      for (;;) {
        const piece = socket.destroyed ? undefined : readNow(readEnd)
        if (piece === undefined) return
        onPiece(piece)
      }
    },
    close: () => void socket.destroy()
  }
}

const pieceLength = 65_536

/** Undefined at the end, and when there is nothing now (EAGAIN). */
const readNow = (fd: number): Uint8Array | undefined => {
  const bytes = new Uint8Array(pieceLength)
  try {
    const length = Fs.readSync(fd, bytes)
    return length === 0 ? undefined : bytes.subarray(0, length)
  } catch {
    return undefined
  }
}
