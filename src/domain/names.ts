import * as Schema from "effect/Schema"

/** A name that tako gives to an environment: 1 to 63 of a-z, 0-9 and "-", a letter first, no "-" last. */
export const NewEnvironmentName = Schema.String.pipe(
  Schema.pattern(/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
  Schema.brand("EnvironmentName")
)

/** An environment's name as it may stand in a file: the original tako wrote any of a-z, 0-9 and "-". */
export const EnvironmentName = Schema.String.pipe(
  Schema.pattern(/^[a-z0-9-]+$/),
  Schema.brand("EnvironmentName")
)
export type EnvironmentName = typeof EnvironmentName.Type

/** A name that tako gives to a secret: 1 to 128 of A-Z, 0-9 and "_", a letter first. */
export const NewSecretName = Schema.String.pipe(
  Schema.pattern(/^[A-Z][A-Z0-9_]{0,127}$/),
  Schema.brand("SecretName")
)

/** A secret's name as it may stand in a file: of any length. */
export const SecretName = Schema.String.pipe(Schema.pattern(/^[A-Z][A-Z0-9_]*$/), Schema.brand("SecretName"))
export type SecretName = typeof SecretName.Type

export const isEnvironmentName = Schema.is(EnvironmentName)
export const isNewEnvironmentName = Schema.is(NewEnvironmentName)
export const isSecretName = Schema.is(SecretName)
export const isNewSecretName = Schema.is(NewSecretName)
