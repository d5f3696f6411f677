import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { EnvironmentName, SecretName } from "../../../src/domain/names.ts"
import * as Salt from "../../../src/domain/salt.ts"
import * as SealedValue from "../../../src/domain/sealed-value.ts"
import * as Environments from "../../../src/domain/secrets-file/environments.ts"
import { SecretsFile } from "../../../src/services/secrets-file/secrets-file.ts"

export const production = "production" as EnvironmentName
export const staging = "staging" as EnvironmentName
export const nameOf = (text: string) => text as SecretName
export const saltOf = (fill: number) => Salt.fromBytes(new Uint8Array(16).fill(fill))
export const sealedOf = (length = 28, fill = 0) =>
  Option.getOrThrow(SealedValue.fromText(Buffer.alloc(length, fill).toString("base64")))

/** Sets one secret of an environment, which is made when it is not there. */
export const setting =
  (name: string, environment = production, fill = 1) =>
  (current: Environments.Environments): Environments.Environments =>
    Environments.withEnvironment(
      current,
      environment,
      Environments.withSecret(
        Option.getOrElse(Environments.get(current, environment), () => Environments.create(saltOf(fill))),
        nameOf(name),
        sealedOf()
      )
    )

export const set = (name: string, environment = production, fill = 1) =>
  Effect.flatMap(SecretsFile, (file) =>
    file.update((current) => Effect.succeed(setting(name, environment, fill)(current)))
  )

export const names = Effect.flatMap(SecretsFile, ({ read }) => Effect.map(read, Environments.secretNames))
