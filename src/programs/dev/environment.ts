import * as Effect from "effect/Effect"
import type { EnvironmentName } from "../../domain/names.ts"
import { create, withEnvironment } from "../../domain/secrets-file/environments.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"

/** Where somebody begins: there before it has a secret. */
export const development = "development" as EnvironmentName

/**
 * Makes the development environment, without secrets and so without a key; true when it was not there. Another one that is
 * not there is a typing error.
 */
export const makeDevelopment = Effect.fn("makeDevelopment")(function* (name: EnvironmentName) {
  const file = yield* SecretsFile
  if (name !== development || (yield* file.read).has(name)) return false
  const salt = yield* (yield* Cipher).newSalt
  const environments = yield* file.update((now) =>
    Effect.succeed(now.has(name) ? now : withEnvironment(now, name, create(salt)))
  )
  return environments.get(name)?.salt === salt
})
