import * as Path from "node:path"
import { statsOf } from "./stats.ts"

/** Where a project is, and which file or folder said so. */
export interface Root {
  /** Absolute, symbolic links resolved. */
  readonly directory: string
  /** The tako.toml, if there is one. */
  readonly config?: string
  /** What made the folder a project; absent when nothing did. */
  readonly marker?: string
  /** Set when that belongs to somebody whom the user has no reason to trust. */
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
      return { directory, config, marker: config, ...foreignOwner(start, [config]) }
    nearest ??= secretsOrGit(start, directory)
    if (Path.dirname(directory) === directory) return nearest ?? { directory: start }
  }
}

const secretsOrGit = (start: string, directory: string): Root | undefined => {
  const folder = Path.join(directory, ".tako")
  const secrets = Path.join(folder, "secrets.json")
  if (isThere(secrets, "file")) {
    return { directory, marker: secrets, ...foreignOwner(start, [folder, secrets]) }
  }
  const git = Path.join(directory, ".git")
  return isThere(git, "any") ? { directory, marker: git, ...foreignOwner(start, [git]) } : undefined
}

const isThere = (path: string, kind: "file" | "any"): boolean => {
  const stats = statsOf(path)
  return stats !== undefined && (kind === "any" || !stats.isDirectory())
}

/**
 * Anybody can leave a tako.toml in /tmp and wait for somebody to work in a folder below it. As git does (safe.directory
 * in git-config(1)), what was found above must be ours or root's; but the owner of the folder that the user chose to
 * stand in is trusted as well, so that root in a container may work in a mounted project. Links are not followed: who
 * put one there is who counts.
 */
const foreignOwner = (start: string, found: ReadonlyArray<string>): { readonly foreignOwner?: number } => {
  const us = process.getuid?.()
  const strangers = found
    .map((path) => statsOf(path)?.uid)
    .filter((uid) => uid !== undefined && uid !== us && uid !== 0 && uid !== statsOf(start)?.uid)
  return us === undefined || strangers[0] === undefined ? {} : { foreignOwner: strangers[0] }
}
