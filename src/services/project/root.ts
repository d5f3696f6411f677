import * as Fs from "node:fs"
import * as Path from "node:path"
import { omitUndefined } from "../../domain/omit-undefined.ts"

/** Where a project is, and which file or folder marks it. */
export interface Root {
  /** Absolute, symbolic links resolved. */
  readonly directory: string
  /** The tako.toml, if there is one. */
  readonly config?: string
  /** The file or folder that marks the project; absent if there is none. */
  readonly marker?: string
  /** Set if the marker belongs to somebody whom the user has no reason to trust. */
  readonly foreignOwner?: number
}

/**
 * The nearest tako.toml from `start` (symbolic links resolved) upwards, else the nearest `.tako/secrets.json` or
 * `.git`, else `start` itself.
 */
export const findRoot = (start: string): Root => {
  let nearest: Root | undefined
  for (let directory = start; ; directory = Path.dirname(directory)) {
    const config = Path.join(directory, "tako.toml")
    if (isThere(config, "file"))
      return {
        directory,
        config,
        marker: config,
        ...omitUndefined({ foreignOwner: foreignOwner(start, [config]) })
      }
    nearest ??= secretsOrGit(start, directory)
    if (Path.dirname(directory) === directory) return nearest ?? { directory: start }
  }
}

const secretsOrGit = (start: string, directory: string): Root | undefined => {
  const folder = Path.join(directory, ".tako")
  const secrets = Path.join(folder, "secrets.json")
  if (isThere(secrets, "file")) {
    return {
      directory,
      marker: secrets,
      ...omitUndefined({ foreignOwner: foreignOwner(start, [folder, secrets]) })
    }
  }
  const git = Path.join(directory, ".git")
  return isThere(git, "any")
    ? { directory, marker: git, ...omitUndefined({ foreignOwner: foreignOwner(start, [git]) }) }
    : undefined
}

const isThere = (path: string, kind: "file" | "any"): boolean => {
  const stats = statsOf(path)
  return stats !== undefined && (kind === "any" || !stats.isDirectory())
}

/**
 * Anybody can leave a tako.toml in /tmp and wait for somebody to work in a folder below it. Like git (safe.directory
 * in git-config(1)), we require that a marker found further up is ours or root's. The owner of the folder that the user
 * chose to work in is trusted as well, so that root in a container may work in a mounted project. Links are not
 * followed, because the owner of the link is what counts.
 */
const foreignOwner = (start: string, markers: ReadonlyArray<string>): number | undefined => {
  const us = process.getuid?.()
  if (us === undefined) return undefined
  return markers
    .map((path) => statsOf(path)?.uid)
    .find((uid) => uid !== undefined && uid !== us && uid !== 0 && uid !== statsOf(start)?.uid)
}

/**
 * "<git common dir>:<path within the work tree>", else the root itself. Keys are pinned to it, so a folder must
 * not be able to pose as another one: a `.git` that points elsewhere (a file or a link in an archive) only counts
 * if git's own files there name this folder as theirs.
 */
export const identityOf = (root: string): string => {
  for (let directory = root; ; directory = Path.dirname(directory)) {
    const git = Path.join(directory, ".git")
    const stats = statsOf(git)
    if (stats !== undefined) {
      const common = stats.isDirectory()
        ? ownRepository(git)
        : stats.isFile()
          ? linkedRepository(git)
          : undefined
      return common === undefined ? root : `${common}:${Path.relative(directory, root) || "."}`
    }
    if (Path.dirname(directory) === directory) return root
  }
}

const ownRepository = (git: string): string | undefined =>
  Fs.existsSync(Path.join(git, "HEAD")) ? git : undefined

/** gitrepository-layout(5): a `.git` file of a linked work tree or of a submodule. */
const linkedRepository = (file: string): string | undefined => {
  const target = firstLine(file)
  if (target === undefined || !target.startsWith("gitdir: ")) return undefined
  try {
    const git = Fs.realpathSync(Path.resolve(Path.dirname(file), target.slice("gitdir: ".length)))
    return workTreeOf(git, file) ?? (isSubmodule(git, file) ? git : undefined)
  } catch {
    return undefined
  }
}

/** git-worktree(1): `<common dir>/worktrees/<id>/gitdir` is the path of the work tree's `.git` file. */
const workTreeOf = (git: string, file: string): string | undefined => {
  if (Path.basename(Path.dirname(git)) !== "worktrees") return undefined
  const back = firstLine(Path.join(git, "gitdir"))
  if (back === undefined || Fs.realpathSync(Path.resolve(git, back)) !== file) return undefined
  return ownRepository(Path.dirname(Path.dirname(git)))
}

/** A submodule's git directory lies in the repository that contains it: gitsubmodules(7). */
const isSubmodule = (git: string, file: string): boolean => {
  const [superproject] = git.split(`${Path.sep}.git${Path.sep}modules${Path.sep}`)
  return superproject !== undefined && superproject !== git && file.startsWith(superproject + Path.sep)
}

const firstLine = (path: string): string | undefined => {
  try {
    const line = Fs.readFileSync(path, "utf8").split("\n", 1)[0]
    return line === "" ? undefined : line
  } catch {
    return undefined
  }
}

/** Stats the path without following links; undefined also where we have no access (EACCES, ENOTDIR). */
export const statsOf = (path: string): Fs.Stats | undefined => {
  try {
    return Fs.lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
