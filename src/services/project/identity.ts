import * as Fs from "node:fs"
import * as Path from "node:path"
import { statsOf } from "./stats.ts"

/**
 * "<git common dir>:<path within the work tree>", else the root itself. It is what keys are pinned to, so a folder must
 * not be able to pass for another one: a `.git` that leads elsewhere (a file or a link in somebody's archive) counts
 * only where git's own files over there name this folder as theirs.
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

/** Absorbed into the repository that the submodule lies in: gitsubmodules(7). */
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
