import * as Fs from "node:fs"
import * as Path from "node:path"
import { unless } from "./attempt.ts"
import { create, type Found, isHeld, look, unlink } from "./owned-file.ts"
import { type Presence, presence } from "./owner.ts"
import { newToken, patience, sweep } from "./temporary.ts"

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
