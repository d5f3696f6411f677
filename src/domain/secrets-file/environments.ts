import * as Option from "effect/Option"
import type { EnvironmentName, SecretName } from "../names.ts"
import type { Salt } from "../salt.ts"
import type { SealedValue } from "../sealed-value.ts"

/** One environment of the file; `unknownFields` are preserved. */
export interface Environment {
  readonly salt: Salt
  readonly secrets: ReadonlyMap<SecretName, SealedValue>
  readonly unknownFields: Readonly<Record<string, unknown>>
}

/** The content of `.tako/secrets.json`. */
export type Environments = ReadonlyMap<EnvironmentName, Environment>

export const empty: Environments = new Map()

export const get = (environments: Environments, name: EnvironmentName): Option.Option<Environment> =>
  Option.fromNullable(environments.get(name))

export const create = (salt: Salt): Environment => ({ salt, secrets: new Map(), unknownFields: {} })

export const withEnvironment = (
  environments: Environments,
  name: EnvironmentName,
  environment: Environment
): Environments => new Map(environments).set(name, environment)

export const withSecret = (environment: Environment, name: SecretName, sealed: SealedValue): Environment => ({
  ...environment,
  secrets: new Map(environment.secrets).set(name, sealed)
})

/** Removing the last secret keeps the environment and its salt. */
export const withoutSecret = (environment: Environment, name: SecretName): Environment => {
  const secrets = new Map(environment.secrets)
  secrets.delete(name)
  return { ...environment, secrets }
}

/** The names of all secrets in any environment, sorted. */
export const secretNames = (environments: Environments): ReadonlyArray<SecretName> =>
  [...new Set([...environments.values()].flatMap(({ secrets }) => [...secrets.keys()]))].sort()

export const environmentNames = (environments: Environments): ReadonlyArray<EnvironmentName> =>
  [...environments.keys()].sort()

/** Whether two files have the same content, in any order. */
export const same = (a: Environments, b: Environments): boolean =>
  a.size === b.size && [...a].every(([name, environment]) => sameEnvironment(environment, b.get(name)))

const sameEnvironment = (a: Environment, b: Environment | undefined): boolean =>
  b !== undefined &&
  a.salt === b.salt &&
  a.secrets.size === b.secrets.size &&
  [...a.secrets].every(([name, sealed]) => b.secrets.get(name) === sealed) &&
  JSON.stringify(a.unknownFields) === JSON.stringify(b.unknownFields)
