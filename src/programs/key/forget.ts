import * as Effect from "effect/Effect"
import type { EnvironmentName } from "../../domain/names.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { KeyCache } from "../../services/key-cache/key-cache.ts"
import { KeyPins } from "../../services/key-pins/key-pins.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { findEnvironment } from "../environment/read.ts"

/** Removes the environment's key and pin from this machine. True when there was a key. */
export const forget = Effect.fn("key.forget")(function* (name: EnvironmentName) {
  const file = yield* SecretsFile
  const cache = yield* KeyCache
  const pins = yield* KeyPins
  const environment = yield* findEnvironment(yield* file.read, name)
  const forgotten = yield* cache.forget((yield* Cipher).keyIdOf(environment.salt))
  yield* pins.unpin(name)
  return forgotten
})
