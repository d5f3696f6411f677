import * as Fs from "node:fs"

/** An open file. Its stats and its content belong together, whatever its path leads to by now. */
interface OpenFile {
  readonly stats: Fs.Stats
  /** At most `limit` bytes, and one more when the file is longer. */
  readonly read: (limit: number) => Buffer
}

// Refuses symbolic links, and does not wait for a writer of a FIFO.
const flags = Fs.constants.O_RDONLY | Fs.constants.O_NOFOLLOW | Fs.constants.O_NONBLOCK

/** Throws the system's error when the file cannot be opened: ELOOP for a symbolic link. */
export const withOpenFile = <A>(path: string, use: (file: OpenFile) => A): A => {
  const fd = Fs.openSync(path, flags)
  try {
    const stats = Fs.fstatSync(fd)
    return use({ stats, read: (limit) => readAtMost(fd, stats.size, limit) })
  } finally {
    Fs.closeSync(fd)
  }
}

/** Reads at most `limit` bytes, and one more when there are more. `expected` is a guess at the length. */
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
