import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { SecretsFileChanged } from "../../domain/errors/secrets-file.ts"
import type { Key } from "../../domain/key.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import {
  create,
  type Environment,
  type Environments,
  get,
  withEnvironment,
  withSecret
} from "../../domain/secrets-file/environments.ts"
import { Cipher, type Place } from "../../services/cipher/cipher.ts"
import { KeySource, type RememberError } from "../../services/key-source/key-source.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { requireWhole } from "./placement.ts"

/** A key that may write an environment, and the environment as it was when the key was verified. */
export interface WritingKey {
  readonly key: Key
  readonly environment: Environment
  readonly isNew: boolean
  readonly remember: Effect.Effect<unknown, RememberError>
}

/**
 * The key to write with. It opens every value except those that will be replaced. An environment without values takes the
 * key of its passphrase, a new one that of a new passphrase.
 */
export const writingKey = Effect.fn("writingKey")(function* (
  name: EnvironmentName,
  environments: Environments,
  replaced: ReadonlyArray<SecretName>
) {
  const keys = yield* KeySource
  const cipher = yield* Cipher
  const known = get(environments, name)
  if (Option.isNone(known)) {
    const environment = create(yield* cipher.newSalt)
    const established = yield* keys.establish(name, environment.salt, { isNew: true })
    return { ...established, environment, isNew: true } satisfies WritingKey
  }
  const environment = known.value
  if (environment.secrets.size === 0) {
    const established = yield* keys.establish(name, environment.salt, { isNew: false })
    return { ...established, environment, isNew: false } satisfies WritingKey
  }
  const unlocked = yield* keys.unlock(name, environment, { ask: true })
  yield* requireWhole(name, environments, environment, unlocked, replaced)
  return { key: unlocked.key, remember: Effect.void, environment, isNew: false } satisfies WritingKey
})

/**
 * Replaces the environment in the file, under the file's lock, if its salt is still the one that the key was verified
 * against, or if a new one is still new. The key is remembered before the file is written.
 */
export const writeEnvironment = Effect.fn("writeEnvironment")(function* <E, R>(
  name: EnvironmentName,
  writing: WritingKey,
  change: (current: Environment) => Effect.Effect<Environment, E, R>
) {
  const file = yield* SecretsFile
  return yield* file.update((environments) =>
    Effect.gen(function* () {
      const now = get(environments, name)
      const same = writing.isNew
        ? Option.isNone(now)
        : Option.isSome(now) && now.value.salt === writing.environment.salt
      if (!same) return yield* new SecretsFileChanged({ environment: name })
      const current = Option.getOrElse(now, () => writing.environment)
      const changed = yield* change(current)
      if (changed === current && !writing.isNew) return environments
      yield* writing.remember
      return withEnvironment(environments, name, changed)
    })
  )
})

export type PutOutcome = "set" | "updated" | "unchanged"

/** The environment with this value; the very same one when it has the value already. */
export const put = Effect.fnUntraced(function* (
  environment: Environment,
  place: Place,
  key: Key,
  value: Redacted.Redacted<string>
) {
  if (yield* holds(environment, place, key, value)) {
    return { environment, outcome: "unchanged" as PutOutcome }
  }
  const cipher = yield* Cipher
  const outcome: PutOutcome = environment.secrets.has(place.secret) ? "updated" : "set"
  const sealed = yield* cipher.seal(key, place, value)
  return { environment: withSecret(environment, place.secret, sealed), outcome }
})

/** Whether the environment has the value already, in a blob that may stay. */
const holds = Effect.fnUntraced(function* (
  environment: Environment,
  place: Place,
  key: Key,
  value: Redacted.Redacted<string>
) {
  const cipher = yield* Cipher
  const sealed = environment.secrets.get(place.secret)
  if (sealed === undefined) return false
  const opened = yield* cipher.open(key, sealed)
  return Option.match(opened, {
    onNone: () => false,
    onSome: ({ value: old, boundTo }) =>
      Redacted.value(old) === Redacted.value(value) && (boundTo(place) || !cipher.isMarked(environment.salt))
  })
})
