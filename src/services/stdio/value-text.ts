import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { ValueRefused } from "../../domain/errors/secrets.ts"
import { decodeValue, maxValueLength } from "../../domain/sealed-value.ts"
import { attempt } from "../files/errno.ts"
import { readAtMost } from "../files/open-file.ts"

/** More bytes than a value and one newline can have; reading can stop here. */
export const tooMany = maxValueLength + 2

/** All of stdin as text, unless it exceeds a value of 1 MiB and one newline, or is not UTF-8. */
export const stdinText = (bytes: Uint8Array): Effect.Effect<Redacted.Redacted<string>, ValueRefused> => {
  const newline = bytes.at(-1) === 0x0a ? "\n" : ""
  return Effect.map(decodeValue(bytes.subarray(0, bytes.length - newline.length)), (value) =>
    Redacted.make(Redacted.value(value) + newline)
  )
}

/**
 * All of a named file or pipe, with the same limits as stdin. The name is not repeated in errors,
 * because it may be a value.
 */
export const namedText = (
  path: string
): Effect.Effect<Redacted.Redacted<string>, FileFailed | ValueRefused> =>
  Effect.flatMap(
    attempt("read", "the file you named", () => {
      const fd = Fs.openSync(path, Fs.constants.O_RDONLY)
      try {
        return readAtMost(fd, Fs.fstatSync(fd).size, tooMany)
      } finally {
        Fs.closeSync(fd)
      }
    }),
    stdinText
  )
