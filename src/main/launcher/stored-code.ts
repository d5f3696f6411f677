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
    const code = content.subarray(headLength)
    return content.toString("latin1", 0, headLength) === headOf(stamp, code) ? code : undefined
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
      Fs.writevSync(fd, [Buffer.from(headOf(stamp, code), "latin1"), code])
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

/** A multiple of 4, so that the code behind it is a row of whole words. */
const headLength = 512
const headOf = (stamp: string, code: Buffer): string =>
  `${stamp} ${code.length} ${sumOf(code)}`.padEnd(headLength - 1).concat("\n")

// V8 believes what it is given (its own checksum is for debug builds), and we could have been cut off while writing.
// Against accidents: who can write in the folder can run what he likes as us anyway. By hand, because node:zlib and
// node:crypto take longer to load than this takes to run.
const sumOf = (code: Buffer): string => {
  const words = new Int32Array(code.buffer, code.byteOffset, code.length >> 2)
  let sum = code.length
  for (let i = 0; i < words.length; i++) sum = (Math.imul(sum, 31) + (words[i] as number)) | 0
  for (let i = words.length << 2; i < code.length; i++) sum = (Math.imul(sum, 31) + (code[i] as number)) | 0
  return (sum >>> 0).toString(16)
}
