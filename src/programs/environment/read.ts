import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { nearest } from "../../domain/did-you-mean.ts"
import type { EnvironmentReplaced } from "../../domain/errors/keys.ts"
import { EnvironmentNotFound, SecretNotFound } from "../../domain/errors/secrets.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { SealedValue } from "../../domain/sealed-value.ts"
import {
  type Environment,
  type Environments,
  environmentNames,
  get
} from "../../domain/secrets-file/environments.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"

const suggestion = (name: string, known: ReadonlyArray<string>) =>
  Option.match(nearest(name, known), {
    onNone: () => ({}),
    onSome: (suggestion) => ({ suggestion })
  })

export const findEnvironment = (
  environments: Environments,
  name: EnvironmentName
): Effect.Effect<Environment, EnvironmentNotFound> =>
  Effect.mapError(
    get(environments, name),
    () => new EnvironmentNotFound({ environment: name, ...suggestion(name, environmentNames(environments)) })
  )

export const findSecret = (
  environment: Environment,
  place: { readonly environment: EnvironmentName; readonly secret: SecretName }
): Effect.Effect<SealedValue, SecretNotFound> => {
  const sealed = environment.secrets.get(place.secret)
  return sealed === undefined
    ? Effect.fail(
        new SecretNotFound({ ...place, ...suggestion(place.secret, [...environment.secrets.keys()]) })
      )
    : Effect.succeed(sealed)
}

/** After so many rotations in a row the error stands. */
const maxRotations = 3

/**
 * Runs `attempt` on the file, and again if the key was rotated on this machine meanwhile. A file that was read before the
 * rotation, and pins that were read after it, look like a replaced environment; the file then has a different salt by now.
 */
export const retryIfRotated = Effect.fnUntraced(function* <A, E, R>(
  name: EnvironmentName,
  attempt: (environments: Environments) => Effect.Effect<A, E | EnvironmentReplaced, R>
) {
  const file = yield* SecretsFile
  const from = (
    environments: Environments,
    left: number
  ): Effect.Effect<A, Effect.Effect.Error<typeof file.read> | E | EnvironmentReplaced, R> =>
    Effect.catchIf(
      attempt(environments),
      (error): error is EnvironmentReplaced => isReplaced(error) && left > 0,
      (replaced) =>
        Effect.flatMap(file.read, (current) =>
          current.get(name)?.salt === environments.get(name)?.salt
            ? Effect.fail(replaced)
            : from(current, left - 1)
        )
    )
  return yield* from(yield* file.read, maxRotations)
})

const isReplaced = (error: unknown): error is EnvironmentReplaced =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "EnvironmentReplaced"
