import * as Effect from "effect/Effect"
import { SecretNotFound } from "../../domain/errors/secrets.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import { environmentNames, withEnvironment, withoutSecret } from "../../domain/secrets-file/environments.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { findEnvironment, findSecret } from "../environment/read.ts"

/** The environments that would lose the secret. Fails when none has it, before anybody is asked for consent. */
export const environmentsWithSecret = Effect.fn("environmentsWithSecret")(function* (
  secret: SecretName,
  where: EnvironmentName | "everywhere"
) {
  const file = yield* SecretsFile
  const environments = yield* file.read
  if (where !== "everywhere") {
    yield* findSecret(yield* findEnvironment(environments, where), { environment: where, secret })
    return [where]
  }
  const places = environmentNames(environments).filter((name) => environments.get(name)?.secrets.has(secret))
  if (places.length === 0) return yield* new SecretNotFound({ secret, environment: "any" })
  return places
})

/** Removes the secret, without a key. The environments stay, even empty, with their salts. */
export const rm = Effect.fn("rm")(function* (secret: SecretName, from: ReadonlyArray<EnvironmentName>) {
  const file = yield* SecretsFile
  yield* file.update((current) =>
    Effect.reduce(from, current, (environments, name) =>
      Effect.gen(function* () {
        const environment = yield* findEnvironment(environments, name)
        yield* findSecret(environment, { environment: name, secret })
        return withEnvironment(environments, name, withoutSecret(environment, secret))
      })
    )
  )
})
