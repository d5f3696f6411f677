import * as Fs from "node:fs"

/** A file as it was opened; what is asked of it is asked of this, not of a path that may have changed. */
export interface OpenFile {
  readonly stats: Fs.Stats
  /** At most `limit` bytes and one more, which tells that there are more. */
  readonly read: (limit: number) => Buffer
}

// Not through a symbolic link, and without waiting for somebody to write into a FIFO.
const flags = Fs.constants.O_RDONLY | Fs.constants.O_NOFOLLOW | Fs.constants.O_NONBLOCK

/** Throws the errno's error when it cannot be opened: ELOOP for a symbolic link. */
export const withOpenFile = <A>(path: string, use: (file: OpenFile) => A): A => {
  const fd = Fs.openSync(path, flags)
  try {
    const stats = Fs.fstatSync(fd)
    return use({ stats, read: (limit) => readAtMost(fd, stats.size, limit) })
  } finally {
    Fs.closeSync(fd)
  }
}

/** At most `limit` bytes of it and one more, which tells that there are more. */
export const readAtMost = (fd: number, expected: number, limit: number): Buffer => {
  let buffer = Buffer.allocUnsafeSlow(Math.min(expected, limit) + 1)
  let length = 0
  while (true) {
    const count = Fs.readSync(fd, buffer, length, buffer.length - length, null)
    length += count
    if (count === 0 || length > limit) return buffer.subarray(0, length)
    if (length === buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(2 * length, limit) + 1)
      buffer.copy(larger)
      buffer.fill(0)
      buffer = larger
    }
  }
}
