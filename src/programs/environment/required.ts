import * as Effect from "effect/Effect"
import { SecretsMissing } from "../../domain/errors/secrets.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import type { ExpectedSecrets } from "../../domain/tako-toml/tako-toml.ts"
import { Project } from "../../services/project/project.ts"

/** The names that tako.toml requires and the environment lacks. */
export const missingIn = (
  environment: Environment,
  { required }: ExpectedSecrets
): ReadonlyArray<SecretName> => required.filter((name) => !environment.secrets.has(name))

/** Fails when one is missing, before anybody is asked for a key and before anything starts. */
export const requireAll = Effect.fn("requireAll")(function* (
  name: EnvironmentName,
  environment: Environment
) {
  const missing = missingIn(environment, yield* (yield* Project).expected)
  if (missing.length > 0) return yield* new SecretsMissing({ environment: name, secrets: missing })
})
