import * as Brand from "effect/Brand"

/** The name of an environment, as it may stand in a file: one or more of a-z, 0-9 and "-". */
export type EnvironmentName = string & Brand.Brand<"EnvironmentName">

/** The name of a secret, as it may stand in a file: A-Z, 0-9 and "_", a letter first, of any length. */
export type SecretName = string & Brand.Brand<"SecretName">

/** The original tako wrote any of a-z, 0-9 and "-". */
export const isEnvironmentName = (text: string): text is EnvironmentName => /^[a-z0-9-]+$/.test(text)

/** A name that tako gives: 1 to 63 of a-z, 0-9 and "-", a letter first, no "-" last. */
export const isNewEnvironmentName = (text: string): text is EnvironmentName =>
  /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)

export const isSecretName = (text: string): text is SecretName => /^[A-Z][A-Z0-9_]*$/.test(text)

/** A name that tako gives: 1 to 128 of A-Z, 0-9 and "_", a letter first. */
export const isNewSecretName = (text: string): text is SecretName => /^[A-Z][A-Z0-9_]{0,127}$/.test(text)

/** A name that stands in code: throws a BrandErrors, without the text, where it is none. */
export const EnvironmentName = /* @__PURE__ */ Brand.refined<EnvironmentName>(isEnvironmentName, () =>
  Brand.error("Not the name of an environment")
)

/** The same for a secret. */
export const SecretName = /* @__PURE__ */ Brand.refined<SecretName>(isSecretName, () =>
  Brand.error("Not the name of a secret")
)
