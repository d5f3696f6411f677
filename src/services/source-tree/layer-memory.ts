import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { PathRefused } from "../../domain/errors/secrets-file.ts"
import { isOtherProject, isSkipped, SourceTree } from "./source-tree.ts"

/** Files by their path from the root; writes change the map, which can be shared with Project's in memory. */
export const layerMemory = (files: Map<string, string> = new Map()): Layer.Layer<SourceTree> => {
  const childrenOf = (folder: string): ReadonlyArray<string> => {
    const prefix = folder === "" ? "" : `${folder}/`
    return [...files.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length))
  }
  const isVisited = (path: string): boolean => {
    const folders = path.split("/").slice(0, -1)
    return folders.every(
      (name, index) =>
        !isSkipped(name) &&
        !isOtherProject(
          childrenOf(folders.slice(0, index + 1).join("/")).map((child) => child.split("/", 1)[0] as string)
        )
    )
  }
  const depth = (path: string) => path.split("/").length
  return Layer.succeed(SourceTree, {
    find: (names) =>
      Effect.sync(() =>
        [...files.keys()]
          .filter((path) => names.includes(path.slice(path.lastIndexOf("/") + 1)) && isVisited(path))
          .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
      ),
    files: (folder) =>
      Effect.sync(() =>
        childrenOf(folder)
          .filter((child) => !child.includes("/"))
          .sort()
      ),
    hasFolder: (path) => Effect.sync(() => childrenOf(path).length > 0),
    read: (path) => Effect.map(within(path), () => Option.fromNullable(files.get(path))),
    write: (path, text) => Effect.map(within(path), () => void files.set(path, text))
  })
}

const within = (path: string): Effect.Effect<void, PathRefused> =>
  path.split("/").includes("..") ? new PathRefused({ path, reason: "symlink-outside-project" }) : Effect.void
