import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { EnvironmentName, SecretName } from "../../../src/domain/names.ts"
import * as SealedValue from "../../../src/domain/sealed-value.ts"
import { parse } from "../../../src/domain/secrets-file/parse.ts"
import * as Gcm from "../../../src/services/cipher/aes-gcm.ts"
import { Cipher } from "../../../src/services/cipher/cipher.ts"
import { layer, layerOf } from "../../../src/services/cipher/layer.ts"
import { KeyDerivation } from "../../../src/services/key-derivation/key-derivation.ts"
import * as Derivation from "../../../src/services/key-derivation/layer.ts"
import { type Expected, read, readJson } from "../../support/vectors.ts"

const golden = (name: "bound" | "plain") => ({
  environments: Either.getOrThrow(parse(read(`${name}.secrets.json`))),
  expected: readJson<Expected>(`${name}.expected.json`)
})

const keyOf = (base64: string) => Redacted.make(new Uint8Array(Buffer.from(base64, "base64")))

describe("golden files", () => {
  for (const name of ["bound", "plain"] as const) {
    it.effect(`${name}: every value opens, and ${name === "bound" ? "is" : "is not"} bound to its name`, () =>
      Effect.gen(function* () {
        const { environments, expected } = golden(name)
        const cipher = yield* Cipher
        for (const [environment, { key, values, salt }] of Object.entries(expected.environments)) {
          const found = environments.get(environment as EnvironmentName)
          assert.strictEqual(found?.salt, salt)
          assert.strictEqual(found !== undefined && cipher.isMarked(found.salt), name === "bound")
          assert.sameMembers([...(found?.secrets.keys() ?? [])], Object.keys(values))
          for (const [secret, text] of Object.entries(values)) {
            const sealed = found?.secrets.get(secret as SecretName) as SealedValue.SealedValue
            const opened = Option.getOrThrow(yield* cipher.open(keyOf(key), sealed))
            const place = { environment: environment as EnvironmentName, secret: secret as SecretName }
            assert.strictEqual(Redacted.value(opened.value), text)
            assert.strictEqual(opened.boundTo(place), name === "bound")
          }
        }
      }).pipe(Effect.provide(layer))
    )
  }

  it.effect("bound: every blob is reproduced byte for byte from its four random bytes", () =>
    Effect.gen(function* () {
      const { environments, expected } = golden("bound")
      for (const [environment, { secrets }] of environments) {
        for (const [secret, sealed] of secrets) {
          const random = SealedValue.toParts(sealed).nonce.subarray(0, 4)
          const { key, values } = expected.environments[environment] ?? assert.fail(environment)
          const again = yield* Effect.flatMap(Cipher, (cipher) =>
            cipher.seal(keyOf(key), { environment, secret }, Redacted.make(values[secret] as string))
          ).pipe(Effect.provide(layerOf(() => random)))
          assert.strictEqual(again, sealed)
        }
      }
    })
  )

  it("plain: every blob is reproduced byte for byte from its nonce", () => {
    const { environments, expected } = golden("plain")
    for (const [environment, { secrets }] of environments) {
      for (const [secret, sealed] of secrets) {
        const { nonce } = SealedValue.toParts(sealed)
        const { key, values } = expected.environments[environment] ?? assert.fail(environment)
        const plaintext = Buffer.from(values[secret] as string, "utf8")
        const parts = Gcm.seal(Redacted.value(keyOf(key)), nonce, plaintext)
        assert.strictEqual(SealedValue.fromParts(parts), sealed)
      }
    }
  })

  for (const name of ["go-basic", "go-chi", "go-echo", "go-gin"]) {
    it.effect(`the original's ${name} opens with its passphrase`, () =>
      Effect.gen(function* () {
        const environments = Either.getOrThrow(parse(read(`original/${name}.secrets.json`)))
        const cipher = yield* Cipher
        const derivation = yield* KeyDerivation
        const development = environments.get("development" as EnvironmentName) ?? assert.fail()
        const key = yield* derivation.derive(Redacted.make("tako-example"), development.salt)
        assert.strictEqual(development.secrets.size, 3)
        for (const [secret, sealed] of development.secrets) {
          const opened = Option.getOrThrow(yield* cipher.open(key, sealed))
          assert.isAbove(Redacted.value(opened.value).length, 0)
          assert.isFalse(opened.boundTo({ environment: "development" as EnvironmentName, secret }))
        }
      }).pipe(Effect.provide(layer), Effect.provide(Derivation.layer))
    )
  }
})

interface Wycheproof {
  readonly testGroups: ReadonlyArray<{
    readonly ivSize: number
    readonly keySize: number
    readonly tagSize: number
    readonly tests: ReadonlyArray<{
      readonly tcId: number
      readonly key: string
      readonly iv: string
      readonly aad: string
      readonly msg: string
      readonly ct: string
      readonly tag: string
      readonly result: "valid" | "invalid"
    }>
  }>
}

describe("Wycheproof AES-GCM", () => {
  const groups = readJson<Wycheproof>("wycheproof-aes-gcm.json").testGroups
  const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"))
  const cases = groups
    .filter(({ ivSize, tagSize }) => ivSize === 96 && tagSize === 128)
    .flatMap(({ keySize, tests }) => tests.map((test) => ({ ...test, keySize })))

  it("has the 197 cases of a 96-bit nonce and a 128-bit tag", () => {
    assert.strictEqual(cases.length, 197)
  })

  for (const { tcId, key, iv, aad, msg, ct, tag, result } of cases) {
    it(`case ${tcId}: ${result}`, () => {
      const parts = { nonce: hex(iv), ciphertext: hex(ct), tag: hex(tag) }
      const opened = Gcm.open(hex(key), parts, hex(aad))
      assert.deepStrictEqual(
        Option.map(opened, (plaintext) => Buffer.from(plaintext).toString("hex")),
        result === "valid" ? Option.some(msg) : Option.none()
      )
      if (result === "valid") {
        const sealed = Gcm.seal(hex(key), hex(iv), hex(msg), hex(aad))
        assert.strictEqual(Buffer.from(sealed.ciphertext).toString("hex"), ct)
        assert.strictEqual(Buffer.from(sealed.tag).toString("hex"), tag)
      }
    })
  }

  const ours = cases.filter(({ keySize, aad }) => keySize === 256 && aad === "")
  it.effect(`${ours.length} cases of AES-256 without additional data, through Cipher`, () =>
    Effect.gen(function* () {
      const cipher = yield* Cipher
      assert.isAbove(ours.length, 0)
      for (const { key, iv, msg, ct, tag, result } of ours) {
        const sealed = SealedValue.fromParts({ nonce: hex(iv), ciphertext: hex(ct), tag: hex(tag) })
        const opened = yield* cipher.open(Redacted.make(hex(key)), sealed)
        const plaintext = Buffer.from(msg, "hex")
        const isText = Buffer.from(plaintext.toString("utf8"), "utf8").equals(plaintext)
        assert.deepStrictEqual(
          Option.map(opened, ({ value }) => Redacted.value(value)),
          result === "valid" && isText ? Option.some(plaintext.toString("utf8")) : Option.none()
        )
      }
    }).pipe(Effect.provide(layer))
  )
})
