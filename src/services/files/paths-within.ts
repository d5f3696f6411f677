import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import { PathRefused } from "../../domain/errors/secrets-file.ts"
import { attempt, unless } from "./errno.ts"

/** Whether a path is the folder or below it; both absolute, without symbolic links. */
export const isInside = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(Path.sep) ? folder : folder + Path.sep)

/** A file as it is named below `root`, itself not followed, in a folder whose links stay below `root`. */
export const namedWithin = (
  operation: FileFailed["operation"],
  root: string,
  path: string
): Effect.Effect<string, FileFailed | PathRefused> => {
  const named = Path.resolve(root, path)
  return Effect.flatMap(
    attempt(operation, named, () => Fs.realpathSync.native(Path.dirname(named))),
    (folder) =>
      isInside(root, folder)
        ? Effect.succeed(Path.join(folder, Path.basename(named)))
        : new PathRefused({ path: named, reason: "symlink-outside-project" })
  )
}

/** The same, and where it is a symbolic link the file that it leads to, which has to be below `root` as well. */
export const followedWithin = Effect.fnUntraced(function* (
  operation: FileFailed["operation"],
  root: string,
  path: string
): Effect.fn.Return<string, FileFailed | PathRefused> {
  const named = yield* namedWithin(operation, root, path)
  const target = yield* attempt(operation, named, () =>
    Fs.lstatSync(named, { throwIfNoEntry: false })?.isSymbolicLink()
      ? unless(["ENOENT", "ELOOP"], () => Fs.realpathSync.native(named))
      : named
  )
  if (target === undefined) return yield* new PathRefused({ path: named, reason: "not-a-file" })
  if (!isInside(root, target))
    return yield* new PathRefused({ path: named, reason: "symlink-outside-project" })
  return target
})
