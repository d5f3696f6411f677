import * as Fs from "node:fs"
import * as Tty from "node:tty"

/**
 * As isatty(3), but without loading node:tty, which costs 8 ms, for what cannot be one: no character device, or
 * /dev/null. False when closed.
 */
export const isTerminal = (fd: number): boolean => {
  try {
    const stats = Fs.fstatSync(fd)
    return stats.isCharacterDevice() && stats.rdev !== Fs.statSync("/dev/null").rdev && Tty.isatty(fd)
  } catch {
    return false
  }
}
