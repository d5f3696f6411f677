import * as Fs from "node:fs"
import type * as Net from "node:net"
// Not the global one: the build takes that out, for what effect does with it.
import { performance } from "node:perf_hooks"
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
