import * as Fs from "node:fs"
import * as Path from "node:path"
import { errnoOf, quietly, unless } from "./errno.ts"
import { withOpenFile } from "./open-file.ts"
import { type Owner, ourselves, type Presence, presence } from "./owner.ts"
import { newToken, patience, sweep, temporaryName } from "./replace.ts"

/*
 * A lock is a file that names its owner and a random token. Whoever creates the file holds the lock.
 *
 * A live lock is never removed, not even by two processes that break a stale one at once. Say the lock file holds token t.
 *
 * 1. Only the process that created `<lock>.break-t` removes the lock: owners that release it and breakers alike (`remove`
 *    below). That file is created exclusively, so there is one such process at a time. Call it P.
 * 2. P reads the lock again after that. If it does not hold t, P leaves it alone. If it does, it still does when P
 *    unlinks it: nobody else may unlink it (1), and nobody can create it again while it exists. So what P removes is t.
 * 3. No token is used twice. A breaker that comes late finds another token, and leaves the lock alone.
 * 4. P loses `<lock>.break-t` only when P is known to be gone, by the same rules one level down. The age of a break
 *    file counts only when P is of another boot, machine or pid namespace. That is the one case in which a P that hangs
 *    for a minute between two system calls could remove a successor. The successor's owner notices: every writer checks
 *    that it still holds the lock right before it replaces the file.
 */

/** `Held` has the owner's pid where it means something here. `Retry`: an obstacle was cleared, so try again at once. */
type Acquisition =
  | { readonly _tag: "Acquired" }
  | { readonly _tag: "Held"; readonly pid: number | undefined }
  | { readonly _tag: "Retry" }

export const tryAcquire = (lock: string, token: string): Acquisition => {
  const current = readLock(lock)
  if (current === undefined) return create(lock, token) ? { _tag: "Acquired" } : { _tag: "Retry" }
  // A network file system may answer "it exists" to the request that created it.
  if (current.token === token) return { _tag: "Acquired" }
  if (isStaleLock(current, Date.now()) && remove(lock, current.token, isStaleLock)) return { _tag: "Retry" }
  return { _tag: "Held", pid: presenceOf(current) === "alive" ? current.owner?.pid : undefined }
}

/** Releases our own lock. It may still exist afterwards, when a process that believed us gone is about to break it. */
export const release = (lock: string, token: string): void => {
  remove(lock, token, () => true)
}

/** Releases our own lock without creating a break file. Safe only while nobody can believe us gone. */
export const releaseDirectly = (lock: string, token: string): void => {
  if (isHeld(lock, token)) unlink(lock)
}

export const isHeld = (path: string, token: string): boolean => readLock(path)?.token === token

/** Removes what earlier writers of the file left behind. Call it with the lock held. */
export const sweepAround = (path: string, lock: string, token: string): void => {
  const folder = Path.dirname(path)
  const name = Path.basename(path)
  sweep(folder, (entry) => entry.startsWith(`${name}.`))
  // Break files of earlier tokens protect nothing any more: those locks are gone.
  const breaks = `${Path.basename(lock)}.break-`
  for (const entry of unless(["ENOENT", "EACCES"], () => Fs.readdirSync(folder)) ?? []) {
    if (!entry.startsWith(breaks) || entry.startsWith(breaks + token)) continue
    const current = readLock(Path.join(folder, entry))
    if (current !== undefined && isStaleBreak(current, Date.now())) unlink(Path.join(folder, entry))
  }
}

/**
 * Removes the lock file that holds the token, if `isRemovable` still agrees by the file system's own clock. False when
 * another process is removing it; true when it is gone, has been replaced, or is worth another try.
 */
const remove = (
  lock: string,
  token: string,
  isRemovable: (current: LockContent, now: number) => boolean
): boolean => {
  const breaking = `${lock}.break-${token}`
  const ours = newToken()
  if (!create(breaking, ours)) {
    const other = readLock(breaking)
    if (other === undefined) return true
    return isStaleBreak(other, Date.now()) && remove(breaking, other.token, isStaleBreak)
  }
  try {
    const current = readLock(lock)
    const marker = readLock(breaking)
    if (current?.token !== token) return true
    if (marker?.token !== ours || !isRemovable(current, marker.modified)) return false
    unlink(lock)
    return true
  } finally {
    if (isHeld(breaking, ours)) unlink(breaking)
  }
}

const isStaleLock = (current: LockContent, now: number): boolean =>
  presenceOf(current) === "gone" || Math.abs(now - current.modified) > patience

const isStaleBreak = (current: LockContent, now: number): boolean => {
  const state = presenceOf(current)
  return state === "gone" || (state === "unknown" && Math.abs(now - current.modified) > patience)
}

const presenceOf = ({ owner }: LockContent): Presence => (owner === undefined ? "unknown" : presence(owner))

/** What a lock file or a break file says. */
interface LockContent {
  /** Made from the inode and the modification time when the file has no token that we can read. */
  readonly token: string
  readonly owner: Owner | undefined
  readonly modified: number
}

const readLock = (path: string): LockContent | undefined =>
  unless(["ENOENT"], () =>
    withOpenFile(path, ({ stats, read }) => ({
      token: `unreadable-${stats.ino}-${Math.trunc(stats.mtimeMs)}`,
      owner: undefined,
      ...parse(read(maxLength).toString("latin1")),
      modified: stats.mtimeMs
    }))
  )

// Larger than any lock file that tako writes.
const maxLength = 1024

const parse = (text: string): Pick<LockContent, "token" | "owner"> | undefined => {
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

/** Creates the file with its whole content at once, by linking a finished file to its name. False when it exists. */
const create = (path: string, token: string): boolean => {
  const temporary = temporaryName(path)
  write(temporary, token)
  try {
    Fs.linkSync(temporary, path)
    return true
  } catch (error) {
    const code = errnoOf(error) ?? ""
    if (code === "EEXIST") return false
    if (!withoutLinks.includes(code)) throw error
    // Others may see the file empty for a moment; then it counts as a lock of an unknown owner.
    return unless(["EEXIST"], () => write(path, token)) ?? false
  } finally {
    quietly(() => Fs.unlinkSync(temporary))
  }
}

/** What file systems without hard links answer (link(2)); EACCES is Android's. */
const withoutLinks = ["EPERM", "EACCES", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]

/** Makes the file readable for everybody, whatever the umask: other users have to see whose lock it is. */
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

const unlink = (path: string): void => {
  unless(["ENOENT"], () => Fs.unlinkSync(path))
}
