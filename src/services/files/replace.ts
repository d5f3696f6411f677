import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import { attempt, errnoOf, quietly, unless } from "./errno.ts"
import { type Owner, ourselves, presence } from "./owner.ts"

/** The new file's: exactly this mode, this less the umask, or those of the file that it replaces. */
export type Permissions =
  | { readonly _tag: "Exactly"; readonly mode: number }
  | { readonly _tag: "LessUmask"; readonly mode: number }
  | { readonly _tag: "Like"; readonly stats: Fs.Stats }

/**
 * Puts a file in the place of another, whole: whoever reads, and a machine that is cut off at any moment, finds the
 * old one or the new one. `check` runs last before that moment. On failure no temporary file is left.
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
        Effect.zipRight(attempt("write", path, () => temporary.putInPlaceOf(path)))
      ),
    (temporary) => Effect.sync(temporary.discard)
  ).pipe(Effect.zipRight(syncFolder(Path.dirname(path), path)))

/**
 * Puts a file where there is none, whole; false, and nothing is changed, when there is something of that name, be it since
 * a moment ago.
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
        return temporary.becomeAlso(path)
      }),
    (temporary) => Effect.sync(temporary.discard)
  ).pipe(Effect.tap((created) => (created ? syncFolder(Path.dirname(path), path) : Effect.void)))

/** Makes a change of the folder's entries last. File systems that cannot do that answer EINVAL (fsync(2)). */
export const syncFolder = (folder: string, changed: string): Effect.Effect<void, FileFailed> =>
  attempt("sync", changed, () => {
    // A folder that may be written but not read cannot be opened for it.
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
  let isThere = true
  return {
    fill: (content: Uint8Array, permissions: Permissions) => {
      if (fd === undefined) return
      if (permissions._tag === "Like") takeOwner(fd, permissions.stats)
      if (permissions._tag !== "LessUmask") Fs.fchmodSync(fd, modeOf(permissions))
      Fs.writeFileSync(fd, content)
      Fs.fsyncSync(fd)
      const filled = fd
      fd = undefined
      Fs.closeSync(filled)
    },
    putInPlaceOf: (path: string) => {
      Fs.renameSync(name, path)
      isThere = false
    },
    becomeAlso: (path: string): boolean => {
      try {
        // Unlike rename(2), link(2) fails when somebody else was quicker.
        Fs.linkSync(name, path)
        return true
      } catch (error) {
        if (errnoOf(error) === "EEXIST") return false
        throw error
      }
    },
    // What cannot be removed now is swept up by the next writer.
    discard: () => {
      if (fd !== undefined) quietly(() => Fs.closeSync(fd as number))
      if (isThere) quietly(() => Fs.unlinkSync(name))
    }
  }
}

const modeOf = (permissions: Exclude<Permissions, { readonly _tag: "LessUmask" }>): number =>
  permissions._tag === "Like" ? permissions.stats.mode & 0o7777 : permissions.mode

/** So that root, at work in somebody's project, leaves the file theirs; anybody else may not, and need not. */
const takeOwner = (fd: number, { uid, gid }: Fs.Stats): void => {
  const ours = Fs.fstatSync(fd)
  if (ours.uid === uid && ours.gid === gid) return
  unless(["EPERM", "EINVAL"], () => Fs.fchownSync(fd, uid, gid))
}

/** After this long whoever holds something is taken for gone, in ms, if nothing better is known of it. */
export const patience = 60_000

/** 16 random hex digits, never given twice. */
export const newToken = (): string =>
  Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(8))).toString("hex")

/** A name beside the file that nobody else uses, and that tells whose it is, should we not come to remove it. */
export const temporaryName = (path: string): string => {
  const { boot, namespace, pid, start } = ourselves()
  return `${path}.${newToken()}-${pid}-${start}-${namespace}-${boot}.tmp`
}

const pattern = /\.[0-9a-f]{16}-(\d+)-(\d+)-(\d+)-([A-Za-z0-9]+)\.tmp$/

const ownerOf = (name: string): Owner | undefined => {
  const [, pid = "", start = "", namespace = "", boot = ""] = pattern.exec(name) ?? []
  return boot === "" ? undefined : { boot, namespace, pid: Number(pid), start }
}

/** Removes the temporary files of these files that were left by processes that are gone. */
export const sweep = (folder: string, belongs: (name: string) => boolean): void => {
  for (const name of unless(["ENOENT", "EACCES"], () => Fs.readdirSync(folder)) ?? []) {
    const owner = belongs(name) ? ownerOf(name) : undefined
    if (owner === undefined) continue
    const path = Path.join(folder, name)
    const there = presence(owner)
    if (there === "gone" || (there === "unknown" && isOld(path))) {
      unless(["ENOENT", "EACCES", "EPERM"], () => Fs.unlinkSync(path))
    }
  }
}

const isOld = (path: string): boolean => {
  const stats = Fs.lstatSync(path, { throwIfNoEntry: false })
  return stats !== undefined && Math.abs(Date.now() - stats.mtimeMs) > patience
}
