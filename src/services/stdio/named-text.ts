import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { ValueRefused } from "../../domain/errors/secrets.ts"
import { attempt } from "../files/attempt.ts"
import { readAtMost } from "../files/read.ts"
import { stdinText, tooMany } from "./stdin-text.ts"

/**
 * All of a file, or of a pipe with a name, that somebody named instead of passing it to stdin; with stdin's limits. What
 * was typed is not repeated: it may be a value.
 */
export const namedText = (
  path: string
): Effect.Effect<Redacted.Redacted<string>, FileFailed | ValueRefused> =>
  Effect.flatMap(
    attempt("read", "the file that was named", () => {
      const fd = Fs.openSync(path, Fs.constants.O_RDONLY)
      try {
        return readAtMost(fd, Fs.fstatSync(fd).size, tooMany)
      } finally {
        Fs.closeSync(fd)
      }
    }),
    stdinText
  )
