import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { AdoptionRefused, SecretMisplaced, SecretsDamaged } from "../../domain/errors/secrets.ts"
import { SecretsFileChanged } from "../../domain/errors/secrets-file.ts"
import { Declined } from "../../domain/errors/user.ts"
import { withSecret } from "../../domain/secrets-file/environments.ts"
import { Cipher, type Opened, type Place } from "../../services/cipher/cipher.ts"
import { type Commit, History } from "../../services/history/history.ts"
import { KeySource } from "../../services/key-source/key-source.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { placements, requireWhole } from "../environment/placement.ts"
import { findEnvironment, findSecret } from "../environment/read.ts"
import { writeEnvironment } from "../environment/write.ts"

/**
 * Binds a value of unknown origin to its place, once `agree` has seen the commit that added it. A value that was moved
 * there from another place, or that does not open, is refused.
 */
export const adopt = Effect.fn("adopt")(function* <E, R>(
  place: Place,
  agree: (commit: Option.Option<Commit>) => Effect.Effect<boolean, E, R>
) {
  const { environment: name, secret } = place
  const file = yield* SecretsFile
  const keys = yield* KeySource
  const cipher = yield* Cipher
  const history = yield* History
  const environments = yield* file.read
  const environment = yield* findEnvironment(environments, name)
  const sealed = yield* findSecret(environment, place)
  if (!cipher.isMarked(environment.salt)) {
    return yield* new AdoptionRefused({ ...place, reason: "unmarked" })
  }
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const unlocked = yield* keys.unlock(name, environment, { ask: true })
      const placement = (yield* placements(name, environments, environment, unlocked)).get(secret)
      switch (placement?._tag) {
        case "UnknownOrigin":
          break
        case "Moved":
          return yield* new SecretMisplaced({ ...place, reason: "moved", origin: placement.origin })
        case "Damaged":
          return yield* new SecretsDamaged({
            environment: name,
            secrets: [secret],
            opened: unlocked.opened.size
          })
        default:
          return yield* new AdoptionRefused({ ...place, reason: "already-bound" })
      }
      yield* requireWhole(name, environments, environment, unlocked, [secret])
      if (!(yield* agree(yield* history.commitThatAdded(file.path, sealed)))) return yield* new Declined()
      const { value } = unlocked.opened.get(secret) as Opened
      const writing = { key: unlocked.key, environment, isNew: false, remember: Effect.void }
      yield* writeEnvironment(name, writing, (current) =>
        Effect.gen(function* () {
          if (current.secrets.get(secret) !== sealed)
            return yield* new SecretsFileChanged({ environment: name })
          return withSecret(current, secret, yield* cipher.seal(unlocked.key, place, value))
        })
      )
    })
  )
})
