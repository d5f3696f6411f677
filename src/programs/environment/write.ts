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

/** A key with which an environment, as it was read, may be written. */
export interface WritingKey {
  readonly key: Key
  readonly environment: Environment
  readonly isNew: boolean
  readonly remember: Effect.Effect<unknown, RememberError>
}

/**
 * The key to write with: one that opens every value but those that are replaced, in its place; for an environment
 * without values that of its passphrase; for one that is not there yet that of a new one.
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
 * Replaces the environment in the file under its lock, if it is still the one that the key was verified against: the
 * same salt, or, for a new one, none. The key is remembered before the file is written.
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

/** The environment with this value at its place; the same environment when the value stands there already. */
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

/** Whether the value stands there already, in a blob that is acceptable as it stands. */
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
