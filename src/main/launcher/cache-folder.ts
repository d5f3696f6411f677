import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

/**
 * The folder for compiled code, made when it is not there: `$TAKO_HOME/code`, else `$XDG_CACHE_HOME/tako`, else
 * `~/.cache/tako` (macOS `~/Library/Caches/tako`). What lies in it is run, so it has to be ours alone, in a folder that
 * nobody else can change; undefined when it is not, or cannot be made.
 */
export const cacheFolder = (): string | undefined => {
  try {
    const us = process.geteuid?.()
    const folder = place()
    if (us === undefined || folder === undefined) return undefined
    const found = Fs.lstatSync(folder, { throwIfNoEntry: false })
    if (found !== undefined) {
      const parent = Fs.statSync(Path.dirname(folder))
      return isPrivate(found, us) && isSafeParent(parent, us) ? folder : undefined
    }
    return make(folder, us) ? folder : undefined
  } catch {
    return undefined
  }
}

const place = (): string | undefined => {
  const { TAKO_HOME: home, XDG_CACHE_HOME: cache } = process.env
  if (home !== undefined && home !== "") return Path.isAbsolute(home) ? Path.join(home, "code") : undefined
  // The XDG Base Directory Specification has relative ones ignored.
  if (cache !== undefined && Path.isAbsolute(cache)) return Path.join(cache, "tako")
  const user = Os.homedir()
  if (!Path.isAbsolute(user)) return undefined
  return process.platform === "darwin"
    ? Path.join(user, "Library", "Caches", "tako")
    : Path.join(user, ".cache", "tako")
}

/** Only in folders of our own: under sudo the home may be another user's, where root's folder would be in the way. */
const make = (folder: string, us: number): boolean => {
  const parent = Path.dirname(folder)
  if (Fs.statSync(parent, { throwIfNoEntry: false }) === undefined) {
    if (Fs.statSync(Path.dirname(parent)).uid !== us) return false
    makeOne(parent)
  }
  const stats = Fs.statSync(parent)
  if (stats.uid !== us || !isSafeParent(stats, us)) return false
  makeOne(folder)
  return isPrivate(Fs.lstatSync(folder), us)
}

const makeOne = (folder: string): void => {
  Fs.mkdirSync(folder, { mode: 0o700 })
  // The umask may have taken our own bits.
  Fs.chmodSync(folder, 0o700)
}

const isPrivate = (stats: Fs.Stats, us: number): boolean =>
  stats.isDirectory() && stats.uid === us && (stats.mode & 0o077) === 0

const isSafeParent = (stats: Fs.Stats, us: number): boolean =>
  (stats.uid === us || stats.uid === 0) && (stats.mode & 0o022) === 0
