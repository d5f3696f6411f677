import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import { create, get } from "../../domain/secrets-file/environments.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { KeySource } from "../../services/key-source/key-source.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { writeEnvironment } from "../environment/write.ts"
import { admit } from "./admission.ts"

/** A key that this machine now keeps, and what it opened. */
export interface KeptKey {
  readonly path: string
  readonly created: boolean
  readonly opened: number
  readonly unopened: ReadonlyArray<SecretName>
}

/**
 * Derives the key of an environment from its passphrase and keeps it on this machine. The passphrase is asked for once and
 * tried on the values; twice where there is no value, or where this creates the environment.
 */
export const derive = Effect.fn("key.derive")(function* (name: EnvironmentName) {
  const file = yield* SecretsFile
  const keys = yield* KeySource
  const cipher = yield* Cipher
  const known = get(yield* file.read, name)
  if (Option.isSome(known)) yield* admit(name, known.value, "join")
  return yield* Effect.scoped(
    Effect.gen(function* () {
      if (Option.isSome(known) && known.value.secrets.size > 0) {
        const { unlocked } = yield* keys.passphrase(name, known.value, "join")
        const path = yield* keys.remember(name, known.value.salt, unlocked.key)
        return {
          path,
          created: false,
          opened: unlocked.opened.size,
          unopened: unlocked.unopened
        } satisfies KeptKey
      }
      const isNew = Option.isNone(known)
      const environment = isNew ? create(yield* cipher.newSalt) : known.value
      const established = yield* keys.establish(name, environment.salt, { isNew, purpose: "join" })
      const path = yield* keys.remember(name, environment.salt, established.key)
      if (isNew) yield* writeEnvironment(name, { ...established, environment, isNew }, Effect.succeed)
      return { path, created: isNew, opened: 0, unopened: [] } satisfies KeptKey
    })
  )
})
