import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Key } from "../../domain/key.ts"
import { type Environment, withSecret } from "../../domain/secrets-file/environments.ts"
import { Cipher, type Place } from "../../services/cipher/cipher.ts"

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
