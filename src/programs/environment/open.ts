import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import { KeySource } from "../../services/key-source/key-source.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { findEnvironment, findSecret } from "./find.ts"
import { requireWhole } from "./placement.ts"

/**
 * Every value of an environment, all of them or none: one that does not open, or stands where it does not belong, fails
 * the whole. An environment without values needs no key, and a wanted name that is not there is said before one is asked
 * for.
 */
export const openEnvironment = Effect.fn("openEnvironment")(function* (
  name: EnvironmentName,
  wanted: ReadonlyArray<SecretName> = []
) {
  const file = yield* SecretsFile
  const keys = yield* KeySource
  const environments = yield* file.read
  const environment = yield* findEnvironment(environments, name)
  for (const secret of wanted) yield* findSecret(environment, { environment: name, secret })
  const values = new Map<SecretName, Redacted.Redacted<string>>()
  if (environment.secrets.size === 0) return values
  yield* Effect.scoped(
    Effect.gen(function* () {
      const unlocked = yield* keys.unlock(name, environment, { ask: true })
      yield* requireWhole(name, environments, environment, unlocked)
      for (const [secret, opened] of unlocked.opened) values.set(secret, opened.value)
    })
  )
  return values
})
