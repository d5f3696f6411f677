import * as Fs from "node:fs"

/**
 * A pipe, close-on-exec at both ends as Node opens everything (O_CLOEXEC); both are the caller's to close. The end that a
 * child gets blocks, ours does not, so that a child that does not read, or write, holds nobody up.
 */
export interface Pipe {
  readonly readEnd: number
  readonly writeEnd: number
  /** What fstat(2) calls it: "<dev>:<ino>", decimal. */
  readonly identity: string
}

/** Which end the child gets: the one to read from, or the one to write to. */
export type Direction = "to-child" | "from-child"

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = Fs.constants

/** Opens a FIFO of ours at both ends and takes away its name (fifo(7), pipe(7)). Throws an errno. */
export const openPipe = (path: string, direction: Direction): Pipe => {
  const open: Array<number> = []
  const keep = (fd: number): number => {
    open.push(fd)
    return fd
  }
  try {
    // Without a reader a writer does not open (ENXIO) or waits for ever, without a writer a blocking reader does.
    const reader = keep(Fs.openSync(path, O_RDONLY | O_NONBLOCK))
    const writeEnd = keep(Fs.openSync(path, direction === "to-child" ? O_WRONLY | O_NONBLOCK : O_WRONLY))
    const readEnd = direction === "to-child" ? keep(Fs.openSync(path, O_RDONLY)) : reader
    const [identity, ...others] = open.map(identityOf)
    if (identity === undefined || others.some((other) => other !== identity)) throw new NotOurPipe()
    Fs.unlinkSync(path)
    if (readEnd !== reader) Fs.closeSync(reader)
    return { readEnd, writeEnd, identity }
  } catch (error) {
    for (const fd of open) Fs.closeSync(fd)
    throw error
  }
}

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
