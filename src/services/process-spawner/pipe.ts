import * as Fs from "node:fs"

/** A pipe, close-on-exec at both ends as Node opens everything (O_CLOEXEC); both are the caller's to close. */
export interface Pipe {
  /** Blocking: for a child to read to its end. */
  readonly readEnd: number
  /** Does not block, so that a child that does not read holds nobody up. */
  readonly writeEnd: number
  /** What fstat(2) calls it: "<dev>:<ino>", decimal. */
  readonly identity: string
}

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = Fs.constants

/** Opens a FIFO of ours at both ends and takes away its name (fifo(7), pipe(7)). Throws an errno. */
export const openPipe = (path: string): Pipe => {
  const open: Array<number> = []
  const keep = (fd: number): number => {
    open.push(fd)
    return fd
  }
  try {
    // Without a reader a writer does not open (ENXIO), without a writer a blocking reader waits for ever.
    const probe = keep(Fs.openSync(path, O_RDONLY | O_NONBLOCK))
    const writeEnd = keep(Fs.openSync(path, O_WRONLY | O_NONBLOCK))
    const readEnd = keep(Fs.openSync(path, O_RDONLY))
    const [identity, ...others] = [probe, writeEnd, readEnd].map(identityOf)
    if (identity === undefined || others.some((other) => other !== identity)) throw new NotOurPipe()
    Fs.unlinkSync(path)
    Fs.closeSync(probe)
    return { readEnd, writeEnd, identity }
  } catch (error) {
    for (const fd of open) Fs.closeSync(fd)
    throw error
  }
}

/**
 * Node's sockets look at process.stderr when they close (lib/net.js), which makes it; and that sets O_NONBLOCK
 * (libuv's uv_pipe_open) on a pipe that a program which runs has from us for its stderr: its writes would fail with
 * EAGAIN. (No subclass: it would have node:net loaded by every command.)
 */
/** Undefined unless it is a FIFO that we made: in another user's TMPDIR its name may have come to mean his. */
const identityOf = (fd: number): string | undefined => {
  const stats = Fs.fstatSync(fd, { bigint: true })
  return stats.isFIFO() && stats.uid === BigInt(process.geteuid?.() ?? -1)
    ? `${stats.dev}:${stats.ino}`
    : undefined
}

class NotOurPipe extends Error {
  readonly code = "EPERM"
}
