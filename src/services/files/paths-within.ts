import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import { PathRefused } from "../../domain/errors/secrets-file.ts"
import { attempt, unless } from "./errno.ts"

/** Whether a path is the folder itself or below it. Both are absolute and free of symbolic links. */
export const isInside = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(Path.sep) ? folder : folder + Path.sep)

/** Resolves the path of a file below `root`. Links in its folders must stay below `root`; the file itself may be a link. */
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

/** Resolves the path like {@link namedWithin}, then follows the file itself when it is a link; its target must be below `root`, too. */
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
