import * as Fs from "node:fs"
import * as Path from "node:path"

/**
 * Whether nobody could have put a socket at this path whom we would not let have our secrets: what is on the way is root's or
 * ours, or belongs to the socket's own user in a folder that only root or we write to. Another user's in /tmp may be anybody's.
 * True where there is none; throws an errno.
 */
export const isTrusted = (path: string, us: number | undefined = process.geteuid?.()): boolean => {
  const socket = Fs.statSync(path, { throwIfNoEntry: false })
  if (socket === undefined) return true
  const isOurs = (uid: number) => uid === 0 || uid === us
  for (const entry of entriesTo(Fs.realpathSync(path))) {
    const { uid } = Fs.statSync(entry)
    const { mode } = Fs.statSync(Path.dirname(entry))
    if (!isOurs(uid)) return uid === socket.uid && (mode & 0o022) === 0
    // What is in a sticky one is moved and removed by its owner alone (unlink(2)).
    if ((mode & 0o1002) === 0o002) return false
  }
  return true
}

/** From the root on, which is not among them. */
const entriesTo = (path: string): ReadonlyArray<string> => {
  const parent = Path.dirname(path)
  return parent === path ? [] : [...entriesTo(parent), path]
}
