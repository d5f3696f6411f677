import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { KeyCacheUnsafe } from "../../domain/errors/keys.ts"
import type { FileFailed } from "../../domain/errors/secrets-file.ts"
import { DataUnsafe } from "../../domain/errors/server.ts"
import * as Private from "../files/private.ts"

/** As {@link Private.readPrivate}, in the words of the data directory. */
export const readPrivate = (
  path: string,
  limit: number
): Effect.Effect<Option.Option<Buffer>, DataUnsafe | FileFailed> =>
  Effect.mapError(Private.readPrivate(path, limit), inOurWords)

/** False when it is not there. */
export const checkFolder = (
  path: string,
  forbidden: typeof Private.closed | typeof Private.unchangeable
): Effect.Effect<boolean, DataUnsafe | FileFailed> =>
  Effect.mapError(Private.checkFolder(path, forbidden), inOurWords)

const inOurWords = (error: KeyCacheUnsafe | FileFailed): DataUnsafe | FileFailed => {
  if (error._tag === "FileFailed") return error
  const { path, directory, problem } = error
  return new DataUnsafe({ path, directory, problem: problem === "content" ? "not-a-file" : problem })
}
