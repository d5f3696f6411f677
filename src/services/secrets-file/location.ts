import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import { type FileFailed, PathRefused } from "../../domain/errors/secrets-file.ts"
import { attempt, unless } from "../files/attempt.ts"
import { isInside } from "../files/within.ts"

/** Where the file is or would be, its links followed; `folderIsThere` is false before the first write. */
export interface Location {
  readonly path: string
  readonly folderIsThere: boolean
}

/** The folder or the file may be a symbolic link as long as it stays in the project, whose root has none. */
export const locate = (root: string): Effect.Effect<Location, PathRefused | FileFailed> => {
  const folder = Path.join(root, ".tako")
  const name = "secrets.json"
  return Effect.gen(function* () {
    const realFolder = yield* follow(root, folder)
    if (realFolder === undefined) return { path: Path.join(folder, name), folderIsThere: false }
    const path = Path.join(realFolder, name)
    return { path: (yield* follow(root, path)) ?? path, folderIsThere: true }
  })
}

/** Undefined when there is nothing. */
const follow = (root: string, path: string) =>
  Effect.flatMap(
    attempt("read", path, () => {
      const stats = Fs.lstatSync(path, { throwIfNoEntry: false })
      if (stats === undefined) return { real: undefined }
      if (!stats.isSymbolicLink()) return { real: path }
      const real = unless(["ENOENT", "ELOOP"], () => Fs.realpathSync.native(path))
      if (real === undefined) return { refused: "not-a-file" as const }
      return isInside(root, real) ? { real } : { refused: "symlink-outside-project" as const }
    }),
    (found) =>
      found.refused === undefined
        ? Effect.succeed(found.real)
        : new PathRefused({ path, reason: found.refused })
  )
