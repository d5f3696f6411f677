import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import { attempt, errnoOf, quietly, unless } from "./errno.ts"
import { type Owner, ourselves, presence } from "./owner.ts"

/** Permissions of the new file: exactly this mode, this mode less the umask, or those of the file that it replaces. */
export type Permissions =
  | { readonly _tag: "Exactly"; readonly mode: number }
  | { readonly _tag: "LessUmask"; readonly mode: number }
  | { readonly _tag: "Like"; readonly stats: Fs.Stats }

/**
 * Replaces a file as a whole: readers find the old file or the new one, even after a power cut. `check` runs last, right
 * before the replacement. On failure no temporary file is left.
 */
export const replace = <E, R>(
  path: string,
  content: Uint8Array,
  permissions: Permissions,
  check: Effect.Effect<void, E, R>
): Effect.Effect<void, E | FileFailed, R> =>
  Effect.acquireUseRelease(
    attempt("write", path, () => open(temporaryName(path), permissions)),
    (temporary) =>
      attempt("write", path, () => temporary.fill(content, permissions)).pipe(
        Effect.zipRight(check),
        Effect.zipRight(attempt("write", path, () => temporary.renameTo(path)))
      ),
    (temporary) => Effect.sync(temporary.discard)
  ).pipe(Effect.zipRight(syncFolder(Path.dirname(path), path)))

/**
 * Creates a file as a whole. False, with nothing changed, when the name is taken, even if it was taken a moment ago.
 */
export const createNew = (
  path: string,
  content: Uint8Array,
  permissions: Exclude<Permissions, { readonly _tag: "Like" }>
): Effect.Effect<boolean, FileFailed> =>
  Effect.acquireUseRelease(
    attempt("write", path, () => open(temporaryName(path), permissions)),
    (temporary) =>
      attempt("write", path, () => {
        if (Fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false
        temporary.fill(content, permissions)
        return temporary.linkTo(path)
      }),
    (temporary) => Effect.sync(temporary.discard)
  ).pipe(Effect.tap((created) => (created ? syncFolder(Path.dirname(path), path) : Effect.void)))

/** Writes a change of the folder's entries to disk. File systems that cannot do that answer EINVAL (fsync(2)). */
export const syncFolder = (folder: string, changed: string): Effect.Effect<void, FileFailed> =>
  attempt("sync", changed, () => {
    // A folder that we may write but not read cannot be opened for fsync.
    const fd = unless(["EACCES"], () => Fs.openSync(folder, Fs.constants.O_RDONLY | Fs.constants.O_DIRECTORY))
    if (fd === undefined) return
    try {
      unless(["EINVAL", "ENOTSUP", "EOPNOTSUPP"], () => Fs.fsyncSync(fd))
    } finally {
      Fs.closeSync(fd)
    }
  })

const open = (name: string, permissions: Permissions) => {
  let fd: number | undefined = Fs.openSync(
    name,
    "wx",
    permissions._tag === "LessUmask" ? permissions.mode : 0o600
  )
  let exists = true
  return {
    fill: (content: Uint8Array, permissions: Permissions) => {
      if (fd === undefined) return
      if (permissions._tag === "Like") copyOwner(fd, permissions.stats)
      if (permissions._tag !== "LessUmask") Fs.fchmodSync(fd, modeOf(permissions))
      Fs.writeFileSync(fd, content)
      Fs.fsyncSync(fd)
      const filled = fd
      fd = undefined
      Fs.closeSync(filled)
    },
    renameTo: (path: string) => {
      Fs.renameSync(name, path)
      exists = false
    },
    linkTo: (path: string): boolean => {
      try {
        // Unlike rename(2), link(2) fails when another process was faster.
        Fs.linkSync(name, path)
        return true
      } catch (error) {
        if (errnoOf(error) === "EEXIST") return false
        throw error
      }
    },
    // The next writer sweeps up what cannot be removed now.
    discard: () => {
      if (fd !== undefined) quietly(() => Fs.closeSync(fd as number))
      if (exists) quietly(() => Fs.unlinkSync(name))
    }
  }
}

const modeOf = (permissions: Exclude<Permissions, { readonly _tag: "LessUmask" }>): number =>
  permissions._tag === "Like" ? permissions.stats.mode & 0o7777 : permissions.mode

/** Lets root work in a user's project without taking the file from them. Others may not change owners, and need not. */
const copyOwner = (fd: number, { uid, gid }: Fs.Stats): void => {
  const ours = Fs.fstatSync(fd)
  if (ours.uid === uid && ours.gid === gid) return
  unless(["EPERM", "EINVAL"], () => Fs.fchownSync(fd, uid, gid))
}

/** How long, in ms, a process counts as alive when nothing better is known about it. */
export const patience = 60_000

/** 16 random hex digits, never given twice. */
export const newToken = (): string =>
  Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(8))).toString("hex")

/** A unique name beside the file. It identifies this process, so that others can remove the file when we could not. */
export const temporaryName = (path: string): string => {
  const { boot, namespace, pid, start } = ourselves()
  return `${path}.${newToken()}-${pid}-${start}-${namespace}-${boot}.tmp`
}

const temporaryPattern = /\.[0-9a-f]{16}-(\d+)-(\d+)-(\d+)-([A-Za-z0-9]+)\.tmp$/

const ownerOf = (name: string): Owner | undefined => {
  const [, pid = "", start = "", namespace = "", boot = ""] = temporaryPattern.exec(name) ?? []
  return boot === "" ? undefined : { boot, namespace, pid: Number(pid), start }
}

/** Removes temporary files in the folder whose processes are gone; `belongs` picks them by name. */
export const sweep = (folder: string, belongs: (name: string) => boolean): void => {
  for (const name of unless(["ENOENT", "EACCES"], () => Fs.readdirSync(folder)) ?? []) {
    const owner = belongs(name) ? ownerOf(name) : undefined
    if (owner === undefined) continue
    const path = Path.join(folder, name)
    const state = presence(owner)
    if (state === "gone" || (state === "unknown" && isOld(path))) {
      unless(["ENOENT", "EACCES", "EPERM"], () => Fs.unlinkSync(path))
    }
  }
}

const isOld = (path: string): boolean => {
  const stats = Fs.lstatSync(path, { throwIfNoEntry: false })
  return stats !== undefined && Math.abs(Date.now() - stats.mtimeMs) > patience
}
