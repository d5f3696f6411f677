import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { FileFailed, UnsafeProblem } from "../../domain/errors/files.ts"
import { attempt, errnoOf, unless } from "./errno.ts"
import { withOpenFile } from "./open-file.ts"
import { syncFolder } from "./replace.ts"

/** Mode bits that must be off: with `closed` others can neither read nor change it; with `unchangeable` they may read it. */
export const closed = 0o077
export const unchangeable = 0o022

/**
 * A file or folder that must be private to this user is not, so it was not read. People never see this error: whoever asked
 * for the file knows what it was for and translates it.
 */
export class UnsafeFile extends Data.TaggedError("UnsafeFile")<{
  readonly path: string
  readonly problem: UnsafeProblem
  readonly directory: boolean
}> {}

/**
 * Reads a file that belongs to this user alone: a regular file, not a symbolic link, owned by us, with no permissions for
 * group and others. None when it does not exist. Check its folders with {@link checkFolder} first.
 */
export const readPrivate = (
  path: string,
  limit: number
): Effect.Effect<Option.Option<Buffer>, UnsafeFile | FileFailed> =>
  Effect.flatMap(
    attempt("read", path, () => {
      try {
        return withOpenFile(path, ({ stats, read }) => {
          if (!stats.isFile()) return "not-a-file"
          return accessProblem(stats, closed) ?? read(limit)
        })
      } catch (error) {
        const problem = openProblem(path, errnoOf(error))
        if (problem === undefined) throw error
        return problem === "missing" ? undefined : problem
      }
    }),
    (result) =>
      typeof result === "string"
        ? new UnsafeFile({ path, problem: result, directory: false })
        : Effect.succeed(Option.fromNullable(result))
  )

/** Whether the folder exists. Fails with UnsafeFile when others may do what is forbidden. */
export const checkFolder = (
  path: string,
  forbidden: typeof closed | typeof unchangeable
): Effect.Effect<boolean, UnsafeFile | FileFailed> =>
  Effect.flatMap(
    attempt("read", path, () => Fs.lstatSync(path, { throwIfNoEntry: false })),
    (stats) => {
      if (stats === undefined) return Effect.succeed(false)
      const problem = stats.isSymbolicLink()
        ? "symlink"
        : stats.isDirectory()
          ? accessProblem(stats, forbidden)
          : "not-a-directory"
      return problem === undefined
        ? Effect.succeed(true)
        : new UnsafeFile({ path, problem, directory: stats.isDirectory() })
    }
  )

/** Creates the folder and its missing parents with mode 0700, whatever the umask (the XDG specification asks for that). */
export const makePrivateFolder = (path: string): Effect.Effect<void, FileFailed> =>
  attempt("write", path, () => makeFolders(path)).pipe(
    Effect.flatMap(Effect.forEach((folder) => syncFolder(Path.dirname(folder), folder), { discard: true }))
  )

/** Returns the folders that it created. */
const makeFolders = (path: string): ReadonlyArray<string> => {
  const missing: Array<string> = []
  for (let folder = path; Fs.lstatSync(folder, { throwIfNoEntry: false }) === undefined; ) {
    missing.unshift(folder)
    folder = Path.dirname(folder)
  }
  return missing.filter((folder) =>
    // Another process may have created it just now.
    unless(["EEXIST"], () => {
      Fs.mkdirSync(folder, 0o700)
      Fs.chmodSync(folder, 0o700)
      return true
    })
  )
}

const accessProblem = (stats: Fs.Stats, forbidden: number): UnsafeProblem | undefined => {
  if (stats.uid !== process.geteuid?.()) return "foreign-owner"
  return (stats.mode & forbidden) === 0 ? undefined : "permissions"
}

const openProblem = (path: string, code: string | undefined): UnsafeProblem | "missing" | undefined => {
  switch (code) {
    case "ENOENT":
      return "missing"
    case "ELOOP":
      return "symlink"
    case "ENXIO":
      return "not-a-file"
    case "EACCES": {
      const stats = Fs.lstatSync(path, { throwIfNoEntry: false })
      return stats !== undefined && stats.uid !== process.geteuid?.() ? "foreign-owner" : undefined
    }
    default:
      return undefined
  }
}
