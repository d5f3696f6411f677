import * as Fs from "node:fs"
import * as Path from "node:path"

/** What compiled code belongs to: a bundle as it lies on the disk, and a V8 with its flags and this processor. */
export interface Owner {
  readonly file: string
  readonly stamp: string
}

/**
 * V8 itself tells only the length of its source apart, so the bundle is known by its hash, from the build, and by its
 * inode and time of change, which no installation leaves as they were.
 */
export const ownerOf = (folder: string, hash: string, bundle: Fs.BigIntStats): Owner => {
  // V8 itself refuses code that was compiled by another build, with other flags, or for another processor.
  const engine = `${process.version}-${process.arch}`
  const place = `${bundle.dev}:${bundle.ino}:${bundle.size}:${bundle.ctimeNs}`
  return { file: Path.join(folder, `${engine}.code`), stamp: `tako code 2 ${engine} ${hash} ${place}` }
}

/** The code that was stored for this owner, whole; undefined when there is none, or anything about it is off. */
export const load = ({ file, stamp }: Owner): Buffer | undefined => {
  let fd: number | undefined
  try {
    fd = Fs.openSync(file, Fs.constants.O_RDONLY | Fs.constants.O_NOFOLLOW | Fs.constants.O_NONBLOCK)
    const stats = Fs.fstatSync(fd)
    const us = process.geteuid?.()
    if (!stats.isFile() || stats.uid !== us || (stats.mode & 0o077) !== 0 || stats.nlink !== 1)
      return undefined
    if (stats.size > largest) return undefined
    const content = Fs.readFileSync(fd)
    const headLength = content.indexOf(10) + 1
    const code = content.subarray(headLength)
    return content.toString("latin1", 0, headLength) === headOf(stamp, code.length) ? code : undefined
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) Fs.closeSync(fd)
  }
}

/** Stores code for the next start, whole or not at all; whatever goes wrong, the next start is as slow as this one. */
export const store = ({ file, stamp }: Owner, code: Buffer): void => {
  const written = `${file}.${process.pid}.tmp`
  try {
    Fs.rmSync(written, { force: true })
    const fd = Fs.openSync(written, "wx", 0o600)
    try {
      Fs.fchmodSync(fd, 0o600)
      Fs.writevSync(fd, [Buffer.from(headOf(stamp, code.length), "latin1"), code])
      Fs.fsyncSync(fd)
    } finally {
      Fs.closeSync(fd)
    }
    Fs.renameSync(written, file)
  } catch {
    try {
      Fs.rmSync(written, { force: true })
    } catch {
      // A read-only file system.
    }
  }
}

const largest = 64 * 1024 * 1024

// V8 believes what it is given (its own checksum is for debug builds). What we leave is whole, by fsync and rename; that
// the disk keeps it as it was is as sure as of the bundle itself, and a sum over a megabyte is a tenth of a start.
const headOf = (stamp: string, length: number): string => `${stamp} ${length}\n`
