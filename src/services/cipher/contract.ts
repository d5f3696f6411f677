import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import * as Salt from "../../domain/salt.ts"
import * as SealedValue from "../../domain/sealed-value.ts"
import type { Contract, ContractTest } from "../contract.ts"
import { Cipher, type Place } from "./cipher.ts"

export const place = (environment: string, secret: string): Place => ({
  environment: environment as EnvironmentName,
  secret: secret as SecretName
})
export const here = place("production", "DATABASE_URL")
export const key = () => Redacted.make(new Uint8Array(32).fill(7))
const secret = (text: string) => Redacted.make(text)

export const openAt = (sealed: SealedValue.SealedValue, at: Place, withKey = key()) =>
  Effect.gen(function* () {
    const cipher = yield* Cipher
    return Option.map(yield* cipher.open(withKey, sealed), (opened) => ({
      text: Redacted.value(opened.value),
      bound: opened.boundTo(at)
    }))
  })

const lengths = [0, 1, 15, 16, 17, 65_536, SealedValue.maxValueLength]

/** What every Cipher must do. */
export const contract: Contract<Cipher> = [
  ...lengths.map(
    (length): ContractTest<Cipher> => ({
      name: `keeps a value of ${length} bytes`,
      run: Effect.gen(function* () {
        const cipher = yield* Cipher
        const text = "x".repeat(length)
        const sealed = yield* cipher.seal(key(), here, secret(text))
        Assert.ok(Option.isSome(SealedValue.fromText(sealed)))
        Assert.deepEqual(yield* openAt(sealed, here), Option.some({ text, bound: true }))
      })
    })
  ),

  {
    name: "does not confuse the end of one name with the start of the next",
    run: Effect.gen(function* () {
      const cipher = yield* Cipher
      const sealed = yield* cipher.seal(key(), place("ab", "C"), secret("v"))
      Assert.equal(Option.getOrThrow(yield* openAt(sealed, place("a", "bC"))).bound, false)
    })
  },

  {
    name: "keeps a byte order mark, NUL and astral characters",
    run: Effect.gen(function* () {
      const cipher = yield* Cipher
      const text = "\uFEFFpä\0 🐙"
      const sealed = yield* cipher.seal(key(), here, secret(text))
      Assert.deepEqual(yield* openAt(sealed, here), Option.some({ text, bound: true }))
    })
  },

  {
    name: "refuses every flipped bit, another key, and every shortening",
    run: Effect.gen(function* () {
      const cipher = yield* Cipher
      const sealed = yield* cipher.seal(key(), here, secret("hunter2"))
      const bytes = Buffer.from(sealed, "base64")
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const altered = Buffer.from(bytes)
        altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7))
        const blob = Option.getOrThrow(SealedValue.fromText(altered.toString("base64")))
        Assert.ok(Option.isNone(yield* openAt(blob, here)), `bit ${bit}`)
      }
      for (let length = 28; length < bytes.length; length++) {
        const blob = Option.getOrThrow(SealedValue.fromText(bytes.subarray(0, length).toString("base64")))
        Assert.ok(Option.isNone(yield* openAt(blob, here)))
      }
      Assert.ok(Option.isNone(yield* openAt(sealed, here, Redacted.make(new Uint8Array(32)))))
    })
  },

  {
    name: "never seals to the same blob twice",
    run: Effect.gen(function* () {
      const cipher = yield* Cipher
      const blobs = yield* Effect.all(Array.from({ length: 50 }, () => cipher.seal(key(), here, secret("v"))))
      Assert.equal(new Set(blobs).size, 50)
    })
  },

  {
    name: "marks its salts, and treats no other salt as marked",
    run: Effect.gen(function* () {
      const cipher = yield* Cipher
      const salt = yield* cipher.newSalt
      Assert.ok(cipher.isMarked(salt))
      Assert.notEqual(yield* cipher.newSalt, salt)
      const bytes = Salt.toBytes(salt)
      for (let index = 0; index < bytes.length; index++) {
        const altered = Uint8Array.from(bytes)
        altered[index] = (altered[index] as number) ^ 1
        Assert.equal(cipher.isMarked(Salt.fromBytes(altered)), false)
      }
    })
  }
]
