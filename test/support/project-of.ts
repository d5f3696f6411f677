import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { EnvironmentName, SecretName } from "../../src/domain/names.ts"
import type { SealedValue } from "../../src/domain/sealed-value.ts"
import {
  create,
  type Environments,
  withEnvironment,
  withSecret
} from "../../src/domain/secrets-file/environments.ts"
import { set } from "../../src/programs/secrets/set.ts"
import { Cipher } from "../../src/services/cipher/cipher.ts"
import { KeyDerivation } from "../../src/services/key-derivation/key-derivation.ts"
import { SecretsFile } from "../../src/services/secrets-file/secrets-file.ts"

export const environment = (name: string) => name as EnvironmentName
export const secret = (name: string) => name as SecretName
export const place = (environmentName: string, secretName: string) => ({
  environment: environment(environmentName),
  secret: secret(secretName)
})

/** Sets a value as a user would. */
export const put = (environmentName: string, secretName: string, value: string) =>
  set(place(environmentName, secretName), Effect.succeed(Redacted.make(value)), { allowEmpty: true })

/** Seals a value under an environment's passphrase, as another tool does or for another place. */
export const sealFor = (
  environments: Environments,
  environmentName: string,
  passphrase: string,
  value: string,
  at = place("elsewhere", "ELSEWHERE")
) =>
  Effect.gen(function* () {
    const derivation = yield* KeyDerivation
    const cipher = yield* Cipher
    const found = environments.get(environment(environmentName)) ?? create(yield* cipher.newSalt)
    const key = yield* derivation.derive(Redacted.make(passphrase), found.salt)
    return yield* cipher.seal(key, at, Redacted.make(value))
  })

export const blobOf = (
  environments: Environments,
  environmentName: string,
  secretName: string
): SealedValue => {
  const sealed = environments.get(environment(environmentName))?.secrets.get(secret(secretName))
  if (sealed === undefined) throw new Error(`${environmentName} has no ${secretName}`)
  return sealed
}

/** Changes the file as somebody with an editor would, around all of tako's checks. */
export const tamper = (
  environmentName: string,
  secretName: string,
  sealed: (environments: Environments) => SealedValue
) =>
  Effect.flatMap(SecretsFile, (file) =>
    file.update((environments) => {
      const found = environments.get(environment(environmentName))
      if (found === undefined) return Effect.dieMessage("no such environment")
      const changed = withSecret(found, secret(secretName), sealed(environments))
      return Effect.succeed(withEnvironment(environments, environment(environmentName), changed))
    })
  )

/** A value with one bit of its ciphertext or tag flipped. */
export const withFlippedBit = (sealed: SealedValue): SealedValue => {
  const bytes = Buffer.from(sealed, "base64")
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
  return bytes.toString("base64") as SealedValue
}
