import type { EnvironmentName, SecretName } from "../names.ts"
import { type Environments, environmentNames, secretNames } from "../secrets-file/environments.ts"

/** A secret's name, and the environments that have it, both sorted. */
export interface KnownName {
  readonly name: SecretName
  readonly environments: ReadonlyArray<EnvironmentName>
}

/** The union of all environments' names. */
export const knownNames = (environments: Environments): ReadonlyArray<KnownName> => {
  const all = environmentNames(environments)
  return secretNames(environments).map((name) => ({
    name,
    environments: all.filter((environment) => environments.get(environment)?.secrets.has(name))
  }))
}

/** "development, production and staging", "production only". */
export const whereSet = (environments: ReadonlyArray<EnvironmentName>): string => {
  const last = environments.at(-1)
  return environments.length === 1 ? `${last} only` : `${environments.slice(0, -1).join(", ")} and ${last}`
}
