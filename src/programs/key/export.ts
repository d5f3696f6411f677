import * as Effect from "effect/Effect"
import * as Key from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { findEnvironment } from "../environment/read.ts"
import { writingKey } from "../environment/write.ts"

/** The key of an environment as base64, for TAKO_KEY or `key import`; every value must open with it. */
export const exportKey = Effect.fn("key.export")(function* (name: EnvironmentName) {
  const file = yield* SecretsFile
  const environments = yield* file.read
  yield* findEnvironment(environments, name)
  return yield* Effect.scoped(Effect.map(writingKey(name, environments, []), ({ key }) => Key.toBase64(key)))
})
