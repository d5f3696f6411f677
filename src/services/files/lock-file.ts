import * as Fs from "node:fs"
import * as Path from "node:path"
import { errnoOf, quietly, unless } from "./errno.ts"
import { withOpenFile } from "./open-file.ts"
import { type Owner, ourselves, type Presence, presence } from "./owner.ts"
import { newToken, patience, sweep, temporaryName } from "./replace.ts"

/*
 * A lock is a file that tells its owner and a random token, and that is there or is not: whoever creates it has it.
 *
 * Why a live lock is never removed, not even by two that break a stale one at once. Say the lock file holds token t.
 *
 * 1. Only who has created `<lock>.break-t` removes it: owners that let go and breakers alike (`remove` below).
 *    That file is created exclusively, so this is one process at a time, called P.
 * 2. P looks at the lock again after that. If it does not hold t, P leaves it alone. If it does, it still does when P
 *    unlinks it: nobody else may unlink it (1), and nobody can create it anew while it is there. So what P removes is t.
 * 3. t was given once and never comes back. A breaker that comes late finds another token, and leaves it alone.
 * 4. `<lock>.break-t` is taken from P only when P is known to be gone, by the same rules one level down. The age of a
 *    break file counts only when P is of another boot, machine or pid namespace: the one case in which a P that hangs
 *    for a minute between two system calls could remove a successor. Its owner notices: every writer looks whether the
 *    lock is still its own right before its file takes the place of the old one.
 */

/** `Held`, by that process where its pid means something here; `Again`: something was cleared away, so try at once. */
export interface Taking {
  readonly _tag: "Taken" | "Held" | "Again"
  readonly pid?: number | undefined
}

export const take = (lock: string, token: string): Taking => {
  const found = look(lock)
  if (found === undefined) return create(lock, token) ? { _tag: "Taken" } : { _tag: "Again" }
  // A network file system may answer "it exists" to the request that made it.
  if (found.token === token) return { _tag: "Taken" }
  if (isStaleLock(found, Date.now()) && remove(lock, found.token, isStaleLock)) return { _tag: "Again" }
  return { _tag: "Held", pid: presenceOf(found) === "alive" ? found.owner?.pid : undefined }
}

/** Lets go of our own lock; it may still be there when somebody who took us for gone is about to break it. */
export const letGo = (lock: string, token: string): void => {
  remove(lock, token, () => true)
}

/** The same without another file, where none can be made; only while nobody can have taken us for gone. */
export const letGoPlainly = (lock: string, token: string): void => {
  if (isHeld(lock, token)) unlink(lock)
}

/** Removes what the file's former writers left; call with the lock held. */
export const sweepAround = (path: string, lock: string, token: string): void => {
  const folder = Path.dirname(path)
  const name = Path.basename(path)
  sweep(folder, (entry) => entry.startsWith(`${name}.`))
  // Break files of tokens that are no more: theirs was removed, and they found that or will.
  const breaks = `${Path.basename(lock)}.break-`
  for (const entry of unless(["ENOENT", "EACCES"], () => Fs.readdirSync(folder)) ?? []) {
    if (!entry.startsWith(breaks) || entry.startsWith(breaks + token)) continue
    const found = look(Path.join(folder, entry))
    if (found !== undefined && isStaleBreak(found, Date.now())) unlink(Path.join(folder, entry))
  }
}

const isStaleLock = (found: Found, now: number): boolean =>
  presenceOf(found) === "gone" || Math.abs(now - found.modified) > patience

const isStaleBreak = (found: Found, now: number): boolean => {
  const there = presenceOf(found)
  return there === "gone" || (there === "unknown" && Math.abs(now - found.modified) > patience)
}

const presenceOf = ({ owner }: Found): Presence => (owner === undefined ? "unknown" : presence(owner))

/**
 * Removes the lock file that holds the token, if `mayGo` still agrees by the file system's own clock. False when
 * somebody else is at it; true when it is gone, or another one, or was worth another try.
 */
const remove = (lock: string, token: string, mayGo: (found: Found, now: number) => boolean): boolean => {
  const breaking = `${lock}.break-${token}`
  const ours = newToken()
  if (!create(breaking, ours)) {
    const other = look(breaking)
    if (other === undefined) return true
    return isStaleBreak(other, Date.now()) && remove(breaking, other.token, isStaleBreak)
  }
  try {
    const found = look(lock)
    const marker = look(breaking)
    if (found?.token !== token) return true
    if (marker?.token !== ours || !mayGo(found, marker.modified)) return false
    unlink(lock)
    return true
  } finally {
    if (isHeld(breaking, ours)) unlink(breaking)
  }
}

/** A file that tells its owner and a token, as it was found. */
export interface Found {
  /** Of one that tells none, its inode and time. */
  readonly token: string
  readonly owner: Owner | undefined
  readonly modified: number
}

export const unlink = (path: string): void => {
  unless(["ENOENT"], () => Fs.unlinkSync(path))
}

// Ours are smaller.
const limit = 1024

export const look = (path: string): Found | undefined =>
  unless(["ENOENT"], () =>
    withOpenFile(path, ({ stats, read }) => ({
      token: `unreadable-${stats.ino}-${Math.trunc(stats.mtimeMs)}`,
      owner: undefined,
      ...parse(read(limit).toString("latin1")),
      modified: stats.mtimeMs
    }))
  )

export const isHeld = (path: string, token: string): boolean => look(path)?.token === token

const parse = (text: string): Pick<Found, "token" | "owner"> | undefined => {
  const [, token = "", boot = "", namespace = "", pid = "", start = ""] =
    /^\{"token":"([0-9a-f]{16})","boot":"([A-Za-z0-9]+)","namespace":"(\d+)","pid":([1-9]\d{0,9}),"start":"(\d+)"\}\n$/.exec(
      text
    ) ?? []
  return token === "" ? undefined : { token, owner: { boot, namespace, pid: Number(pid), start } }
}

const print = (token: string): string => {
  const { boot, namespace, pid, start } = ourselves()
  return `${JSON.stringify({ token, boot, namespace, pid, start })}\n`
}

/** Creates the file with all that it holds at once, by giving a written one its name; false when it is there. */
export const create = (path: string, token: string): boolean => {
  const temporary = temporaryName(path)
  write(temporary, token)
  try {
    Fs.linkSync(temporary, path)
    return true
  } catch (error) {
    const code = errnoOf(error) ?? ""
    if (code === "EEXIST") return false
    if (!withoutLinks.includes(code)) throw error
    // Somebody may see it empty for a moment: then it counts as one of an unknown owner.
    return unless(["EEXIST"], () => write(path, token)) ?? false
  } finally {
    quietly(() => Fs.unlinkSync(temporary))
  }
}

/** What file systems without hard links answer (link(2)); EACCES is Android's. */
const withoutLinks = ["EPERM", "EACCES", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]

/** Readable for all, whatever the umask: they have to see whose it is. */
const write = (path: string, token: string): true => {
  const fd = Fs.openSync(path, "wx", 0o644)
  try {
    Fs.fchmodSync(fd, 0o644)
    Fs.writeFileSync(fd, print(token))
    return true
  } catch (error) {
    quietly(() => Fs.unlinkSync(path))
    throw error
  } finally {
    Fs.closeSync(fd)
  }
}
