import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { PathRefused } from "../../domain/errors/secrets-file.ts"
import { attempt, unless } from "../files/errno.ts"
import { withOpenFile } from "../files/open-file.ts"
import { followedWithin } from "../files/paths-within.ts"
import { rewrite } from "../project/files.ts"
import { Project } from "../project/project.ts"
import { statsOf } from "../project/root.ts"
import { isOtherProject, isSkipped, SourceTree } from "./source-tree.ts"

/** The files below the project's root. */
export const layer: Layer.Layer<SourceTree, never, Project> = Layer.effect(
  SourceTree,
  Effect.map(Project, ({ root }) => ({
    find: (names) => Effect.sync(() => find(root, names)),
    files: (folder) =>
      Effect.sync(() =>
        entriesOf(Path.join(root, folder))
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
          .sort()
      ),
    hasFolder: (path) => Effect.sync(() => statsOf(Path.join(root, path))?.isDirectory() === true),
    read: (path) => read(root, path),
    write: (path, text) => rewrite(root, path, () => Buffer.from(text))
  }))
)

const maxFolders = 2000

const find = (root: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const paths: Array<string> = []
  const folders = [""]
  for (let visited = 0; visited < folders.length && visited < maxFolders; visited += 1) {
    const folder = folders[visited] as string
    const entries = entriesOf(Path.join(root, folder))
    if (folder !== "" && isOtherProject(entries.map(({ name }) => name))) continue
    // Sorted by name, so that the result does not depend on the order on disk.
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        if (!isSkipped(entry.name)) folders.push(path)
      } else if (names.includes(entry.name)) paths.push(path)
    }
  }
  return paths
}

/** Directories that we may not read count as empty. */
const entriesOf = (folder: string): Array<Fs.Dirent> =>
  unless(["ENOENT", "ENOTDIR", "EACCES", "ELOOP"], () => Fs.readdirSync(folder, { withFileTypes: true })) ??
  []

const read = Effect.fnUntraced(function* (root: string, path: string) {
  if (statsOf(Path.join(root, path)) === undefined) return Option.none()
  const target = yield* followedWithin("read", root, path)
  const text = yield* attempt("read", target, () =>
    withOpenFile(target, ({ stats, read }) => (stats.isFile() ? read(maxLength).toString("utf8") : undefined))
  )
  if (text === undefined)
    return yield* new PathRefused({ path: Path.resolve(root, path), reason: "not-a-file" })
  return Option.some(text)
})

// Far larger than any generated file, or any file whose first lines matter.
const maxLength = 4 * 1024 * 1024
