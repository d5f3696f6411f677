import * as Brand from "effect/Brand"

/** The name of an environment as it may appear in a file: one or more of a-z, 0-9 and "-". */
export type EnvironmentName = string & Brand.Brand<"EnvironmentName">

/** The name of a secret as it may appear in a file: A-Z, 0-9 and "_", starting with a letter, of any length. */
export type SecretName = string & Brand.Brand<"SecretName">

/** The original tako allowed any of a-z, 0-9 and "-". */
export const isEnvironmentName = (text: string): text is EnvironmentName => /^[a-z0-9-]+$/.test(text)

/** A name for a new environment: 1 to 63 of a-z, 0-9 and "-", starting with a letter, not ending with "-". */
export const isNewEnvironmentName = (text: string): text is EnvironmentName =>
  /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)

export const isSecretName = (text: string): text is SecretName => /^[A-Z][A-Z0-9_]*$/.test(text)

/** A name for a new secret: 1 to 128 of A-Z, 0-9 and "_", starting with a letter. */
export const isNewSecretName = (text: string): text is SecretName => /^[A-Z][A-Z0-9_]{0,127}$/.test(text)

/** For a name written in code: throws BrandErrors, which do not contain the text, if it is invalid. */
export const EnvironmentName = /* @__PURE__ */ Brand.refined<EnvironmentName>(isEnvironmentName, () =>
  Brand.error("Not the name of an environment")
)

/** The same for a secret. */
export const SecretName = /* @__PURE__ */ Brand.refined<SecretName>(isSecretName, () =>
  Brand.error("Not the name of a secret")
)
