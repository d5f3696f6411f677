import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { FileFailed } from "../../domain/errors/files.ts"
import type { SecretsFileDamaged } from "../../domain/errors/secrets-file.ts"
import { type Environments, same } from "../../domain/secrets-file/environments.ts"
import { maxFileLength, parse } from "../../domain/secrets-file/parse.ts"
import { print } from "../../domain/secrets-file/print.ts"

/**
 * The bytes to write; none if nothing has changed. They are parsed again first, so that nothing is written that the
 * strict parser would refuse or read differently. More than 4 MiB is FileFailed with EFBIG.
 */
export const replacement = Effect.fnUntraced(function* (
  path: string,
  current: Environments,
  next: Environments
): Effect.fn.Return<Option.Option<Uint8Array>, FileFailed | SecretsFileDamaged> {
  if (next === current) return Option.none()
  const text = print(next)
  if (text === print(current)) return Option.none()
  const bytes = new TextEncoder().encode(text)
  if (bytes.length > maxFileLength) return yield* new FileFailed({ operation: "write", path, code: "EFBIG" })
  const again = yield* parse(bytes)
  if (!same(again, next))
    return yield* Effect.dieMessage("the new secrets file does not parse to what was written")
  return Option.some(bytes)
})
