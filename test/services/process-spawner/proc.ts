import * as Fs from "node:fs"

/** The open files of a process as proc(5) has them: number, and what fstat(2) says of it. */
export const openFiles = (pid: number | "self"): ReadonlyMap<number, Fs.BigIntStats> => {
  const folder = `/proc/${pid}/fd`
  const found = new Map<number, Fs.BigIntStats>()
  for (const fd of Fs.readdirSync(folder)) {
    const stats = Fs.statSync(`${folder}/${fd}`, { bigint: true, throwIfNoEntry: false })
    if (stats !== undefined) found.set(Number(fd), stats)
  }
  return found
}

/** "<dev>:<ino>" of each FIFO that a process has open, by the number of the file. */
export const openPipes = (pid: number | "self"): ReadonlyMap<number, string> =>
  new Map(
    [...openFiles(pid)]
      .filter(([, stats]) => stats.isFIFO())
      .map(([fd, { dev, ino }]) => [fd, `${dev}:${ino}`])
  )

/** Whether it has exited, even if nobody has asked for its exit code. */
export const hasEnded = (pid: number | string): boolean => {
  try {
    return /\) [ZX] /.test(Fs.readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return true
  }
}
