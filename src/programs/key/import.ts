import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { KeyRefused } from "../../domain/errors/keys.ts"
import * as Key from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { fits, openAll } from "../../services/cipher/cipher.ts"
import { KeySource } from "../../services/key-source/key-source.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { findEnvironment } from "../environment/read.ts"
import { admit } from "./admission.ts"
import type { KeptKey } from "./derive.ts"

/** Keeps an exported key, if it opens at least one value of the environment. */
export const importKey = Effect.fn("key.import")(function* <E, R>(
  name: EnvironmentName,
  text: Effect.Effect<Redacted.Redacted<string>, E, R>
) {
  const file = yield* SecretsFile
  const keys = yield* KeySource
  const environment = yield* findEnvironment(yield* file.read, name)
  if (environment.secrets.size === 0) {
    return yield* new KeyRefused({ environment: name, reason: "nothing-to-open" })
  }
  yield* admit(name, environment, "join")
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const parsed = Key.fromBase64(yield* text)
      if (Option.isNone(parsed)) return yield* new KeyRefused({ environment: name, reason: "not-a-key" })
      yield* Effect.addFinalizer(() => Effect.sync(() => Key.wipe(parsed.value)))
      const opening = yield* openAll(parsed.value, environment)
      if (!fits(opening)) return yield* new KeyRefused({ environment: name, reason: "opens-nothing" })
      const path = yield* keys.remember(name, environment.salt, parsed.value)
      return {
        path,
        created: false,
        opened: opening.opened.size,
        unopened: opening.unopened
      } satisfies KeptKey
    })
  )
})
