import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Key } from "../../domain/key.ts"
import { type Environment, withSecret } from "../../domain/secrets-file/environments.ts"
import * as Value from "../../domain/value.ts"
import { Cipher, type Place } from "../../services/cipher/cipher.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { writeEnvironment, writingKey } from "../environment/writing.ts"

export type SetOutcome = "set" | "updated" | "unchanged"

/**
 * Seals a value and puts it into the file. The key is found and verified first, then the value is asked for, then the
 * file is written once. A value that is there already keeps its blob.
 */
export const set = Effect.fn("set")(function* <E, R>(
  place: Place,
  value: Effect.Effect<Redacted.Redacted<string>, E, R>,
  options: { readonly allowEmpty: boolean }
) {
  const file = yield* SecretsFile
  const environments = yield* file.read
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const writing = yield* writingKey(place.environment, environments, [place.secret])
      const checked = yield* Effect.flatMap(value, (value) => Value.check(value, options))
      let outcome = "unchanged" as SetOutcome
      yield* writeEnvironment(place.environment, writing, (current) =>
        Effect.gen(function* () {
          if (yield* holds(current, place, writing.key, checked)) return current
          outcome = current.secrets.has(place.secret) ? "updated" : "set"
          const cipher = yield* Cipher
          return withSecret(current, place.secret, yield* cipher.seal(writing.key, place, checked))
        })
      )
      return { outcome, created: writing.isNew }
    })
  )
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
