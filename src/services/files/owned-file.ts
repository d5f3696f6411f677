import * as Fs from "node:fs"
import { errnoOf, quietly, unless } from "./attempt.ts"
import { type Owner, ourselves } from "./owner.ts"
import { withOpenFile } from "./read.ts"
import { temporaryName } from "./temporary.ts"

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
