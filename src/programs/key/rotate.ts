import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { KeyRefused } from "../../domain/errors/keys.ts"
import { SecretsFileChanged } from "../../domain/errors/secrets-file.ts"
import * as Key from "../../domain/key.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import * as Pins from "../../domain/pins.ts"
import type { SealedValue } from "../../domain/sealed-value.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import { Cipher, type Opening } from "../../services/cipher/cipher.ts"
import { KeyCache } from "../../services/key-cache/key-cache.ts"
import { KeyDerivation } from "../../services/key-derivation/key-derivation.ts"
import { KeyPins } from "../../services/key-pins/key-pins.ts"
import { allowedUnbound } from "../../services/key-source/allow-unbound.ts"
import { KeySource } from "../../services/key-source/key-source.ts"
import { PassphraseWords } from "../../services/passphrase-words/passphrase-words.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { requireWhole } from "../environment/placement.ts"
import { findEnvironment } from "../environment/read.ts"
import { writeEnvironment } from "../environment/write.ts"
import { admit } from "./admission.ts"

/** Where the new passphrase comes from. */
export type NewPassphrase = "asked" | "generated" | "same"

/**
 * Reseals an environment under a new marked salt, all of it or nothing. Before the one write, every value has opened with
 * the old key and again with the new one, `announce` has shown the new passphrase, and the new key is kept. The old key
 * stays in the cache. Returns the names of the secrets, whose values are known to everybody who had the old passphrase.
 */
export const rotate = Effect.fn("key.rotate")(function* <E, R>(
  name: EnvironmentName,
  newPassphrase: NewPassphrase,
  announce: (passphrase: Redacted.Redacted<string>) => Effect.Effect<void, E, R>
) {
  const file = yield* SecretsFile
  const cipher = yield* Cipher
  const derivation = yield* KeyDerivation
  const environments = yield* file.read
  const environment = yield* findEnvironment(environments, name)
  if (environment.secrets.size === 0) {
    return yield* new KeyRefused({ environment: name, reason: "nothing-to-rotate" })
  }
  yield* admit(name, environment, "rebind")
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const { opening, passphrase } = yield* choosePassphrase(name, environment, newPassphrase)
      yield* requireWhole(name, environments, environment, opening)
      const salt = yield* cipher.newSalt
      const key = yield* Effect.acquireRelease(derivation.derive(passphrase, salt), (key) =>
        Effect.sync(() => Key.wipe(key))
      )
      const secrets = yield* reseal(name, opening, key)
      if (newPassphrase !== "same") yield* announce(passphrase)
      yield* keepDuring(
        name,
        environment.salt,
        { salt, key },
        writeEnvironment(name, { key, environment, isNew: false, remember: Effect.void }, (current) =>
          sameSecrets(current, environment)
            ? Effect.succeed({ ...current, salt, secrets })
            : new SecretsFileChanged({ environment: name })
        )
      )
      return [...secrets.keys()].sort()
    })
  )
})

const choosePassphrase = Effect.fnUntraced(function* (
  name: EnvironmentName,
  environment: Environment,
  newPassphrase: NewPassphrase
) {
  const keys = yield* KeySource
  if (newPassphrase === "same") {
    const { passphrase, unlocked } = yield* keys.passphrase(name, environment, "rebind")
    return { opening: unlocked, passphrase }
  }
  const opening = yield* keys.unlock(name, environment, { ask: true, purpose: "rebind" })
  const words = yield* PassphraseWords
  const passphrase = yield* newPassphrase === "generated"
    ? words.suggest
    : keys.choosePassphrase(
        name,
        `Choose a new passphrase for environment ${name}; share it with your team once.`
      )
  return { opening, passphrase }
})

/** Opens every value again after sealing it: a value that is lost here is lost to everybody. */
const reseal = Effect.fnUntraced(function* (name: EnvironmentName, opening: Opening, key: Key.Key) {
  const cipher = yield* Cipher
  const secrets = new Map<SecretName, SealedValue>()
  for (const [secret, { value }] of opening.opened) {
    const place = { environment: name, secret }
    const sealed = yield* cipher.seal(key, place, value)
    const opened = yield* cipher.open(key, sealed)
    const same = Option.match(opened, {
      onNone: () => false,
      onSome: (again) => again.boundTo(place) && Redacted.value(again.value) === Redacted.value(value)
    })
    if (!same) return yield* Effect.dieMessage("a value did not open again after it was resealed")
    secrets.set(secret, sealed)
  }
  return secrets
})

/**
 * Keeps the new key before the write and pins both keys during it, so that a machine that dies at any moment can open the
 * file that it left, and can tell servers which key they know the environment by. Both stay pinned after a failed write.
 */
const keepDuring = Effect.fnUntraced(function* <A, E, R>(
  name: EnvironmentName,
  old: Environment["salt"],
  { salt, key }: { readonly salt: Environment["salt"]; readonly key: Key.Key },
  write: Effect.Effect<A, E, R>
) {
  const { keyIdOf, isMarked } = yield* Cipher
  const cache = yield* KeyCache
  const pins = yield* KeyPins
  const id = keyIdOf(salt)
  const before = yield* pins.of(name)
  yield* cache.keep(id, key)
  const allowed = isMarked(old) ? [] : (yield* allowedUnbound).ids
  // An old key that nobody had pinned is pinned as well: with the new one alone, the file as it still is would be refused.
  const replaced = { id: keyIdOf(old), unbound: allowed.includes(keyIdOf(old)) }
  yield* pins.pin(name, [...(before.length === 0 ? [replaced] : before), Pins.bound(id)])
  yield* pins.retire(name, [...(yield* pins.retired(name)), keyIdOf(old)])
  yield* write
  yield* pins.pin(name, [Pins.bound(id)])
})

const sameSecrets = (a: Environment, b: Environment): boolean =>
  a.secrets.size === b.secrets.size &&
  [...a.secrets].every(([name, sealed]) => b.secrets.get(name) === sealed)
