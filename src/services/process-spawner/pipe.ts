import * as Fs from "node:fs"

/** Both ends of a pipe, close-on-exec as Node opens everything (O_CLOEXEC), and what fstat(2) calls it. */
export interface Pipe {
  readonly readEnd: number
  readonly writeEnd: number
  /** "<dev>:<ino>", decimal. */
  readonly identity: string
}

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = Fs.constants

/**
 * Opens a FIFO of ours at both ends and takes away its name (fifo(7), pipe(7)): a blocking end for a child to read to
 * its end, and a non-blocking one for us, so that a child that does not read holds nobody up. Throws an errno.
 */
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
    Fs.closeSync(probe)
    open.shift()
    Fs.unlinkSync(path)
    return { readEnd, writeEnd, identity }
  } catch (error) {
    for (const fd of open) Fs.closeSync(fd)
    throw error
  }
}

const identityOf = (fd: number): string | undefined => {
  const stats = Fs.fstatSync(fd, { bigint: true })
  return stats.isFIFO() ? `${stats.dev}:${stats.ino}` : undefined
}

class NotOurPipe extends Error {
  readonly code = "EINVAL"
}
