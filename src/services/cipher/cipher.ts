import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Key, KeyId } from "../../domain/key.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { Salt } from "../../domain/salt.ts"
import type { SealedValue } from "../../domain/sealed-value.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"

/** The place that a value belongs to. */
export interface Place {
  readonly environment: EnvironmentName
  readonly secret: SecretName
}

/** A value that the key authenticates. `boundTo` compares in constant time whether it was sealed for a place. */
export interface Opened {
  readonly value: Redacted.Redacted<string>
  readonly boundTo: (place: Place) => boolean
}

/** Seals and opens values: AES-256-GCM without additional data, bound to their place by the nonce. */
export class Cipher extends Context.Tag("tako/Cipher")<
  Cipher,
  {
    /** Returns a different blob each time: the nonce is 4 random bytes and 8 bytes that bind the place and the value. */
    readonly seal: (key: Key, place: Place, value: Redacted.Redacted<string>) => Effect.Effect<SealedValue>
    /** None if the tag does not match (another key, or an altered value), or if the plaintext is not UTF-8. */
    readonly open: (key: Key, sealed: SealedValue) => Effect.Effect<Option.Option<Opened>>
    /** Whether the salt is marked: all values of its environment must be bound to their places. */
    readonly newSalt: Effect.Effect<Salt>
    readonly isMarked: (salt: Salt) => boolean
    /** Identifies the key that a passphrase yields with this salt: the first 16 hex digits of SHA-256 over the salt's base64 text. */
    readonly keyIdOf: (salt: Salt) => KeyId
  }
>() {}

/** Which values of an environment a key opens. */
export interface Opening {
  readonly key: Key
  readonly opened: ReadonlyMap<SecretName, Opened>
  readonly unopened: ReadonlyArray<SecretName>
}

/** Tries the key on every value of the environment. */
export const openAll = Effect.fn("openAll")(function* (key: Key, environment: Environment) {
  const cipher = yield* Cipher
  const opened = new Map<SecretName, Opened>()
  const unopened: Array<SecretName> = []
  for (const [name, sealed] of environment.secrets) {
    const result = yield* cipher.open(key, sealed)
    if (Option.isSome(result)) opened.set(name, result.value)
    else unopened.push(name)
  }
  return { key, opened, unopened } satisfies Opening
})

/** A key fits when it opens at least one value. */
export const fits = (opening: Opening): boolean => opening.opened.size > 0
