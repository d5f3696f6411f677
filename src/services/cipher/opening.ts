import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Key } from "../../domain/key.ts"
import type { SecretName } from "../../domain/names.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import { Cipher, type Opened } from "./cipher.ts"

/** What one key makes of an environment's values. */
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
