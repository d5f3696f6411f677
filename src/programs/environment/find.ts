import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { nearest } from "../../domain/did-you-mean.ts"
import { EnvironmentNotFound, SecretNotFound } from "../../domain/errors/secrets.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { SealedValue } from "../../domain/sealed-value.ts"
import {
  type Environment,
  type Environments,
  environmentNames,
  get
} from "../../domain/secrets-file/environments.ts"

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
