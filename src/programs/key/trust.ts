import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EnvironmentReplaced, NoKeyFits } from "../../domain/errors/keys.ts"
import { Declined } from "../../domain/errors/user.ts"
import * as Key from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { Cipher, fits, openAll } from "../../services/cipher/cipher.ts"
import { KeyCache } from "../../services/key-cache/key-cache.ts"
import { KeyPins } from "../../services/key-pins/key-pins.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { findEnvironment } from "../environment/read.ts"
import { admit } from "./admission.ts"

/** Lets another project's key on this machine open this environment, too, once `agree` has seen which projects have it. */
export const trust = Effect.fn("key.trust")(function* <E, R>(
  name: EnvironmentName,
  agree: (origins: ReadonlyArray<string>) => Effect.Effect<boolean, E, R>
) {
  const file = yield* SecretsFile
  const cache = yield* KeyCache
  const pins = yield* KeyPins
  const environment = yield* findEnvironment(yield* file.read, name)
  const { keyIdOf, isMarked } = yield* Cipher
  const id = keyIdOf(environment.salt)
  const pinned = yield* pins.of(name)
  if (pinned.some((pin) => pin.id === id)) return "already-trusted" as const
  const origins = yield* pins.environmentsPinnedTo(id)
  if (pinned.length > 0) return yield* new EnvironmentReplaced({ environment: name, origins })
  yield* admit(name, environment, "join")
  yield* Effect.scoped(
    Effect.gen(function* () {
      const key = yield* cache.find(id)
      if (Option.isNone(key)) {
        return yield* new NoKeyFits({
          environment: name,
          attempts: [{ source: "cache", outcome: "absent" }]
        })
      }
      yield* Effect.addFinalizer(() => Effect.sync(() => Key.wipe(key.value)))
      if (environment.secrets.size > 0 && !fits(yield* openAll(key.value, environment))) {
        return yield* new NoKeyFits({
          environment: name,
          attempts: [{ source: "cache", outcome: "opens-nothing" }]
        })
      }
    })
  )
  if (!(yield* agree(origins))) return yield* new Declined()
  yield* pins.pin(name, [{ id, unbound: !isMarked(environment.salt) }])
  return "trusted" as const
})
