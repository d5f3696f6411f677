import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import { type FileFailed, PathRefused } from "../../domain/errors/secrets-file.ts"
import { maxFileLength } from "../../domain/secrets-file/parse.ts"
import { attempt, unless } from "../files/attempt.ts"
import { withOpenFile } from "../files/read.ts"

/** The file as it stands there. */
export interface Contents {
  readonly bytes: Uint8Array
  readonly stats: Fs.Stats
}

/** Undefined when there is no file. Of one that is too large, so much that its length tells. */
export const readContents = (path: string): Effect.Effect<Contents | undefined, FileFailed | PathRefused> =>
  Effect.flatMap(
    attempt("read", path, () => {
      // Not even opened when it is something else: a device might take note of it.
      if (Fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) return "not-a-file"
      return unless(["ENOENT"], () =>
        withOpenFile(path, ({ stats, read }) =>
          stats.isFile() ? { stats, bytes: read(maxFileLength) } : "not-a-file"
        )
      )
    }),
    (found) =>
      found === "not-a-file" ? new PathRefused({ path, reason: "not-a-file" }) : Effect.succeed(found)
  )

export const sameBytes = (a: Contents | undefined, b: Contents | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a.bytes, b.bytes) === 0
