import * as Effect from "effect/Effect"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import { type Environments, environmentNames, secretNames } from "../../domain/secrets-file/environments.ts"
import type { ExpectedSecrets } from "../../domain/tako-toml/tako-toml.ts"
import { Project } from "../../services/project/project.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { findEnvironment } from "../environment/read.ts"

/**
 * "missing" when tako.toml requires the secret, or when production has it, tako.toml does not call it optional, and the
 * environment is not development.
 */
export type Presence = "set" | "absent" | "missing"

export interface Listing {
  readonly environments: ReadonlyArray<EnvironmentName>
  readonly secrets: ReadonlyArray<{
    readonly name: SecretName
    readonly presence: ReadonlyMap<EnvironmentName, Presence>
  }>
}

/** Which environments have which secrets, without a key. */
export const ls = Effect.fn("ls")(function* (only: ReadonlyArray<EnvironmentName> = []) {
  const file = yield* SecretsFile
  const environments = yield* file.read
  yield* Effect.forEach(only, (name) => findEnvironment(environments, name), { discard: true })
  return listing(environments, only, yield* (yield* Project).expected)
})

const listing = (
  environments: Environments,
  only: ReadonlyArray<EnvironmentName>,
  { required, optional }: ExpectedSecrets
): Listing => {
  const shown = only.length === 0 ? environmentNames(environments) : only
  const presenceIn = (environment: EnvironmentName, secret: SecretName): Presence => {
    const has = (name: string) => environments.get(name as EnvironmentName)?.secrets.has(secret) === true
    if (has(environment)) return "set"
    if (required.includes(secret)) return "missing"
    const isWanted = environment !== "development" && has("production") && !optional.includes(secret)
    return isWanted ? "missing" : "absent"
  }
  return {
    environments: shown,
    secrets: [...new Set([...secretNames(environments), ...required])]
      .sort()
      .map((name) => ({
        name,
        presence: new Map(shown.map((environment) => [environment, presenceIn(environment, name)] as const))
      }))
      .filter(({ presence }) => [...presence.values()].some((state) => state !== "absent"))
  }
}
