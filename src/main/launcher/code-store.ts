import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

/** What compiled code belongs to: one bundle on disk, and one build of V8 with its flags and this processor. */
export interface Owner {
  readonly file: string
  readonly stamp: string
}

/** Compiled code, and the commands that had run when it was stored: it contains the functions they needed. */
export interface StoredCode {
  readonly code: Buffer
  readonly commands: ReadonlyArray<string>
}

/**
 * V8 itself only checks the length of the source, so the bundle is identified by its hash, from the build, and by its
 * inode and change time, which every installation changes.
 */
export const ownerOf = (folder: string, bundle: string, hash: string, stats: Fs.BigIntStats): Owner => {
  // V8 itself refuses code that was compiled by another build, with other flags, or for another processor.
  const engine = `${process.version}-${process.arch}`
  const identity = `${stats.dev}:${stats.ino}:${stats.size}:${stats.ctimeNs}`
  return {
    file: Path.join(folder, `${engine}-${Path.basename(bundle)}.code`),
    stamp: `tako code 3 ${engine} ${hash} ${identity}`
  }
}

/** The code stored for this owner; undefined if there is none, or if it is incomplete or does not match. */
export const load = ({ file, stamp }: Owner): StoredCode | undefined => {
  let fd: number | undefined
  try {
    fd = Fs.openSync(file, Fs.constants.O_RDONLY | Fs.constants.O_NOFOLLOW | Fs.constants.O_NONBLOCK)
    const stats = Fs.fstatSync(fd)
    if (!stats.isFile() || stats.uid !== process.geteuid?.()) return undefined
    if ((stats.mode & 0o077) !== 0 || stats.nlink !== 1 || stats.size > largest) return undefined
    const content = Fs.readFileSync(fd)
    const headLength = content.indexOf(10) + 1
    const code = content.subarray(headLength)
    const head = content.toString("latin1", 0, headLength)
    const commands = /^ ([a-z-]+(?:,[a-z-]+)*)?\n$/.exec(head.slice(headOf(stamp, code.length).length))
    if (!head.startsWith(headOf(stamp, code.length)) || commands === null) return undefined
    return { code, commands: commands[1]?.split(",") ?? [] }
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) Fs.closeSync(fd)
  }
}

/** Stores code for the next start, completely or not at all. On any failure the next start is merely as slow as this one. */
export const store = ({ file, stamp }: Owner, { code, commands }: StoredCode): void => {
  sweep(Path.dirname(file))
  const temporary = `${file}.${process.pid}.tmp`
  try {
    Fs.rmSync(temporary, { force: true })
    const fd = Fs.openSync(temporary, "wx", 0o600)
    try {
      Fs.fchmodSync(fd, 0o600)
      Fs.writevSync(fd, [
        Buffer.from(`${headOf(stamp, code.length)} ${commands.join(",")}\n`, "latin1"),
        code
      ])
      Fs.fsyncSync(fd)
    } finally {
      Fs.closeSync(fd)
    }
    Fs.renameSync(temporary, file)
  } catch {
    try {
      Fs.rmSync(temporary, { force: true })
    } catch {
      // The file system is read-only.
    }
  }
}

/** Removes what processes that were killed while storing left in the folder, and the code of Nodes that nobody uses any more. */
const sweep = (folder: string): void => {
  try {
    for (const name of Fs.readdirSync(folder)) {
      const path = Path.join(folder, name)
      const [, pid] = /\.code\.(\d+)\.tmp$/.exec(name) ?? []
      const isLeft = pid === undefined ? name.endsWith(".code") && isUnused(path) : !isRunning(Number(pid))
      if (isLeft) Fs.rmSync(path, { force: true })
    }
  } catch {
    // The file system is read-only, or the folder is gone.
  }
}

const unusedAfter = 90 * 24 * 60 * 60 * 1000

/** Neither written nor read for 90 days; where the file system does not record reads, its next start stores it again. */
const isUnused = (path: string): boolean => {
  const { atimeMs, mtimeMs } = Fs.lstatSync(path)
  return Date.now() - Math.max(atimeMs, mtimeMs) > unusedAfter
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH"
  }
}

const largest = 64 * 1024 * 1024

// V8 trusts what it is given (its own checksum is for debug builds). What we store is whole, by fsync and rename; the disk
// keeps it as reliably as it keeps the bundle, and a checksum over a megabyte would be a tenth of a start.
const headOf = (stamp: string, length: number): string => `${stamp} ${length}`

/**
 * The folder for compiled code, created if missing: `$TAKO_HOME/code`, else `$XDG_CACHE_HOME/tako`, else
 * `~/.cache/tako` (macOS `~/Library/Caches/tako`). Its content is executed, so it must be private to us, in a folder that
 * nobody else can change; undefined if it is not, or cannot be created.
 */
export const codeFolder = (): string | undefined => {
  try {
    const us = process.geteuid?.()
    const folder = folderPath()
    if (us === undefined || folder === undefined) return undefined
    const existing = Fs.lstatSync(folder, { throwIfNoEntry: false })
    if (existing !== undefined) {
      const parent = Fs.statSync(Path.dirname(folder))
      return isPrivate(existing, us) && isSafeParent(parent, us) ? folder : undefined
    }
    return makeFolder(folder, us) ? folder : undefined
  } catch {
    return undefined
  }
}

const folderPath = (): string | undefined => {
  const { TAKO_HOME: home, XDG_CACHE_HOME: cache } = process.env
  if (home !== undefined && home !== "") return Path.isAbsolute(home) ? Path.join(home, "code") : undefined
  // The XDG Base Directory Specification says to ignore relative paths.
  if (cache !== undefined && Path.isAbsolute(cache)) return Path.join(cache, "tako")
  const user = Os.homedir()
  if (!Path.isAbsolute(user)) return undefined
  return process.platform === "darwin"
    ? Path.join(user, "Library", "Caches", "tako")
    : Path.join(user, ".cache", "tako")
}

/** Only in our own folders: under sudo the home may be another user's, where root's folder would be in the way. */
const makeFolder = (folder: string, us: number): boolean => {
  const parent = Path.dirname(folder)
  if (Fs.statSync(parent, { throwIfNoEntry: false }) === undefined) {
    if (Fs.statSync(Path.dirname(parent)).uid !== us) return false
    makePrivate(parent)
  }
  const stats = Fs.statSync(parent)
  if (stats.uid !== us || !isSafeParent(stats, us)) return false
  makePrivate(folder)
  return isPrivate(Fs.lstatSync(folder), us)
}

const makePrivate = (folder: string): void => {
  Fs.mkdirSync(folder, { mode: 0o700 })
  // The umask may have removed the owner's bits.
  Fs.chmodSync(folder, 0o700)
}

const isPrivate = (stats: Fs.Stats, us: number): boolean =>
  stats.isDirectory() && stats.uid === us && (stats.mode & 0o077) === 0

const isSafeParent = (stats: Fs.Stats, us: number): boolean =>
  (stats.uid === us || stats.uid === 0) && (stats.mode & 0o022) === 0
