import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { EnvironmentName, SecretName } from "../../../src/domain/names.ts"
import * as Salt from "../../../src/domain/salt.ts"
import * as SealedValue from "../../../src/domain/sealed-value.ts"
import * as Gcm from "../../../src/services/cipher/aes-gcm.ts"
import { Cipher, type Place } from "../../../src/services/cipher/cipher.ts"
import * as Real from "../../../src/services/cipher/layer.ts"
import * as Memory from "../../../src/services/cipher/layer-memory.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { type Expected, readJson } from "../../support/vectors.ts"

const place = (environment: string, secret: string): Place => ({
  environment: environment as EnvironmentName,
  secret: secret as SecretName
})
const here = place("production", "DATABASE_URL")
const key = () => Redacted.make(new Uint8Array(32).fill(7))
const secret = (text: string) => Redacted.make(text)

const openAt = (sealed: SealedValue.SealedValue, at: Place, withKey = key()) =>
  Effect.gen(function* () {
    const cipher = yield* Cipher
    return Option.map(yield* cipher.open(withKey, sealed), (opened) => ({
      text: Redacted.value(opened.value),
      bound: opened.boundTo(at)
    }))
  })

const contract = (name: string, cipherLayer: Layer.Layer<Cipher>) =>
  layer(cipherLayer)(name, (it) => {
    it.effect.prop(
      "opens what it sealed, bound to its place and to no other",
      [FastCheck.fullUnicodeString({ maxLength: 200 }), FastCheck.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/)],
      ([text, name]) =>
        Effect.gen(function* () {
          const cipher = yield* Cipher
          const sealed = yield* cipher.seal(key(), place("staging", name), secret(text))
          assert.deepStrictEqual(
            yield* openAt(sealed, place("staging", name)),
            Option.some({ text, bound: true })
          )
          assert.isFalse(Option.getOrThrow(yield* openAt(sealed, place("staging", `${name}X`))).bound)
          assert.isFalse(Option.getOrThrow(yield* openAt(sealed, place("production", name))).bound)
        })
    )

    for (const length of [0, 1, 15, 16, 17, 65_536, SealedValue.maxValueLength]) {
      it.effect(`keeps a value of ${length} bytes`, () =>
        Effect.gen(function* () {
          const cipher = yield* Cipher
          const text = "x".repeat(length)
          const sealed = yield* cipher.seal(key(), here, secret(text))
          assert.isTrue(Option.isSome(SealedValue.fromText(sealed)))
          assert.deepStrictEqual(yield* openAt(sealed, here), Option.some({ text, bound: true }))
        })
      )
    }

    it.effect("does not confuse the end of one name with the start of the next", () =>
      Effect.gen(function* () {
        const cipher = yield* Cipher
        const sealed = yield* cipher.seal(key(), place("ab", "C"), secret("v"))
        assert.isFalse(Option.getOrThrow(yield* openAt(sealed, place("a", "bC"))).bound)
      })
    )

    it.effect("keeps a byte order mark, NUL and astral characters", () =>
      Effect.gen(function* () {
        const cipher = yield* Cipher
        const text = "\uFEFFpä\0 🐙"
        const sealed = yield* cipher.seal(key(), here, secret(text))
        assert.deepStrictEqual(yield* openAt(sealed, here), Option.some({ text, bound: true }))
      })
    )

    it.effect("refuses every flipped bit, another key, and every shortening", () =>
      Effect.gen(function* () {
        const cipher = yield* Cipher
        const sealed = yield* cipher.seal(key(), here, secret("hunter2"))
        const bytes = Buffer.from(sealed, "base64")
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const altered = Buffer.from(bytes)
          altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7))
          const blob = Option.getOrThrow(SealedValue.fromText(altered.toString("base64")))
          assert.isTrue(Option.isNone(yield* openAt(blob, here)), `bit ${bit}`)
        }
        for (let length = 28; length < bytes.length; length++) {
          const blob = Option.getOrThrow(SealedValue.fromText(bytes.subarray(0, length).toString("base64")))
          assert.isTrue(Option.isNone(yield* openAt(blob, here)))
        }
        assert.isTrue(Option.isNone(yield* openAt(sealed, here, Redacted.make(new Uint8Array(32)))))
      })
    )

    it.effect("never seals to the same blob twice", () =>
      Effect.gen(function* () {
        const cipher = yield* Cipher
        const blobs = yield* Effect.all(
          Array.from({ length: 50 }, () => cipher.seal(key(), here, secret("v")))
        )
        assert.strictEqual(new Set(blobs).size, 50)
      })
    )

    it.effect("marks its salts, and treats no other salt as marked", () =>
      Effect.gen(function* () {
        const cipher = yield* Cipher
        const salt = yield* cipher.newSalt
        assert.isTrue(cipher.isMarked(salt))
        assert.notStrictEqual(yield* cipher.newSalt, salt)
        const bytes = Salt.toBytes(salt)
        for (let index = 0; index < bytes.length; index++) {
          const altered = Uint8Array.from(bytes)
          altered[index] = (altered[index] as number) ^ 1
          assert.isFalse(cipher.isMarked(Salt.fromBytes(altered)))
        }
      })
    )
  })

describe("the id of a key", () => {
  for (const file of ["plain", "bound"]) {
    it(`is what other programs name its file (${file})`, () => {
      for (const { salt, cacheFile } of Object.values(
        readJson<Expected>(`${file}.expected.json`).environments
      )) {
        assert.strictEqual(Real.keyIdOf(Option.getOrThrow(Salt.fromText(salt))), cacheFile)
      }
    })
  }
})

contract("Cipher", Real.layer)
contract("Cipher in memory", Memory.layerMemory)

describe("Cipher on values of other origin", () => {
  it.effect("does not open what is not UTF-8", () =>
    Effect.gen(function* () {
      const parts = Gcm.seal(Redacted.value(key()), new Uint8Array(12), Uint8Array.of(0xff, 0xfe))
      assert.isTrue(Option.isNone(yield* openAt(SealedValue.fromParts(parts), here)))
    }).pipe(Effect.provide(Real.layer))
  )
})
