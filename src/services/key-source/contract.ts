import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Key from "../../domain/key.ts"
import { EnvironmentName, SecretName } from "../../domain/names.ts"
import { create, type Environment, withSecret } from "../../domain/secrets-file/environments.ts"
import { Cipher, openAll } from "../cipher/cipher.ts"
import type { Contract } from "../contract.ts"
import { KeyDerivation } from "../key-derivation/key-derivation.ts"
import { KeySource } from "./key-source.ts"

const name = EnvironmentName("production")
const known = "a passphrase that is known"
const other = "a passphrase of somebody else"
const secretAt = (index: number) => SecretName(`SECRET_${index}`)

/** An environment in which each of these passphrases seals one value. */
const sealedBy = (...passphrases: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const cipher = yield* Cipher
    const { derive } = yield* KeyDerivation
    let environment: Environment = create(yield* cipher.newSalt)
    for (const [index, passphrase] of passphrases.entries()) {
      const secret = secretAt(index)
      const key = yield* derive(Redacted.make(passphrase), environment.salt)
      const sealed = yield* cipher.seal(key, { environment: name, secret }, Redacted.make("a value"))
      environment = withSecret(environment, secret, sealed)
    }
    return environment
  })

const keyOf = (passphrase: string, { salt }: Environment) =>
  Effect.flatMap(KeyDerivation, ({ derive }) => derive(Redacted.make(passphrase), salt))

/** A copy of the key's bytes, which stays when the key is overwritten. */
const copyOf = (key: Key.Key): Uint8Array => Uint8Array.from(Redacted.value(key))

/** What every KeySource must do. `knowing` is one that knows this passphrase, whatever environment it is asked about. */
export const contractOf = (
  knowing: (passphrase: string) => Layer.Layer<KeySource | Cipher | KeyDerivation>
): Contract<never> => {
  const given = (use: Effect.Effect<void, unknown, KeySource | Cipher | KeyDerivation>) =>
    Effect.suspend(() => Effect.provide(use, knowing(known)))
  return [
    {
      name: "opens the values that its key seals, and names the others",
      run: given(
        Effect.gen(function* () {
          const { unlock } = yield* KeySource
          const environment = yield* sealedBy(known, other, known)
          const { opened, unopened } = yield* Effect.scoped(unlock(name, environment, { ask: true }))
          Assert.deepEqual([...opened.keys()], [secretAt(0), secretAt(2)])
          Assert.deepEqual(unopened, [secretAt(1)])
        })
      )
    },

    {
      name: "fails with NoKeyFits, quoting no passphrase, when no value opens",
      run: given(
        Effect.gen(function* () {
          const { unlock, passphrase } = yield* KeySource
          const environment = yield* sealedBy(other)
          for (const error of [
            yield* Effect.flip(Effect.scoped(unlock(name, environment, { ask: true }))),
            yield* Effect.flip(Effect.scoped(passphrase(name, environment, "use")))
          ]) {
            Assert.equal(error._tag, "NoKeyFits")
            Assert.ok(!JSON.stringify([error, error.message]).includes(known))
          }
        })
      )
    },

    {
      name: "overwrites each key that it has returned when the scope closes",
      run: given(
        Effect.gen(function* () {
          const { unlock, establish, passphrase } = yield* KeySource
          const environment = yield* sealedBy(known)
          const salt = yield* (yield* Cipher).newSalt
          const keys = yield* Effect.scoped(
            Effect.gen(function* () {
              const all = [
                (yield* unlock(name, environment, { ask: true })).key,
                (yield* passphrase(name, environment, "use")).unlocked.key,
                (yield* establish(EnvironmentName("staging"), salt, { isNew: true })).key
              ]
              for (const key of all) Assert.ok(copyOf(key).some((byte) => byte !== 0))
              return all
            })
          )
          for (const key of keys) Assert.deepEqual(copyOf(key), new Uint8Array(Key.byteLength))
        })
      )
    },

    {
      name: "knows the passphrase that opens an environment",
      run: given(
        Effect.gen(function* () {
          const source = yield* KeySource
          const environment = yield* sealedBy(other, known)
          const { passphrase, unlocked } = yield* Effect.scoped(source.passphrase(name, environment, "use"))
          Assert.ok(Redacted.value(passphrase) === known)
          Assert.deepEqual([...unlocked.opened.keys()], [secretAt(1)])
        })
      )
    },

    {
      name: "establishes a key for a new environment that later opens what it has sealed",
      run: given(
        Effect.gen(function* () {
          const { unlock, establish } = yield* KeySource
          const cipher = yield* Cipher
          const empty = create(yield* cipher.newSalt)
          const place = { environment: name, secret: secretAt(0) }
          const environment = yield* Effect.scoped(
            Effect.gen(function* () {
              const { key, remember } = yield* establish(name, empty.salt, { isNew: true })
              const sealed = yield* cipher.seal(key, place, Redacted.make("a value"))
              yield* remember
              return withSecret(empty, place.secret, sealed)
            })
          )
          yield* Effect.scoped(
            Effect.map(unlock(name, environment, { ask: true }), ({ opened }) =>
              Assert.ok(opened.get(place.secret)?.boundTo(place))
            )
          )
        })
      )
    },

    {
      name: "keeps a key that it is told to remember",
      run: given(
        Effect.gen(function* () {
          const { unlock, remember } = yield* KeySource
          const environment = yield* sealedBy(other)
          const key = yield* keyOf(other, environment)
          const expected = copyOf(key)
          yield* remember(name, environment.salt, key)
          const found = yield* Effect.scoped(
            Effect.map(unlock(name, environment, { ask: false }), ({ key }) => copyOf(key))
          )
          Assert.deepEqual(found, expected)
          Assert.equal((yield* openAll(Redacted.make(found), environment)).opened.size, 1)
        })
      )
    },

    {
      name: "opens nothing of an environment that was replaced, except to join it",
      run: given(
        Effect.gen(function* () {
          const { unlock, passphrase, remember } = yield* KeySource
          const before = yield* sealedBy(known)
          yield* remember(name, before.salt, yield* keyOf(known, before))
          const after = yield* sealedBy(known)
          for (const error of [
            yield* Effect.flip(Effect.scoped(unlock(name, after, { ask: true }))),
            yield* Effect.flip(Effect.scoped(passphrase(name, after, "use")))
          ]) {
            Assert.equal(error._tag, "EnvironmentReplaced")
          }
          yield* Effect.scoped(
            Effect.map(unlock(name, after, { ask: true, purpose: "join" }), ({ opened }) =>
              Assert.equal(opened.size, 1)
            )
          )
        })
      )
    }
  ]
}
