import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Salt from "../../../src/domain/salt.ts"
import * as SealedValue from "../../../src/domain/sealed-value.ts"
import * as Gcm from "../../../src/services/cipher/aes-gcm.ts"
import { Cipher } from "../../../src/services/cipher/cipher.ts"
import { contract, here, key, openAt, place } from "../../../src/services/cipher/contract.ts"
import * as Real from "../../../src/services/cipher/layer.ts"
import * as Memory from "../../../src/services/cipher/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { type Expected, readJson } from "../../support/vectors.ts"

for (const [name, layer] of [
  ["Cipher", Real.layer],
  ["Cipher in memory", Memory.layerMemory]
] as const) {
  testContract(name, contract, layer)

  describe(name, () => {
    it.effect.prop(
      "opens what it sealed, bound to its place and to no other",
      [FastCheck.fullUnicodeString({ maxLength: 200 }), FastCheck.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/)],
      ([text, name]) =>
        Effect.gen(function* () {
          const cipher = yield* Cipher
          const sealed = yield* cipher.seal(key(), place("staging", name), Redacted.make(text))
          assert.deepStrictEqual(
            yield* openAt(sealed, place("staging", name)),
            Option.some({ text, bound: true })
          )
          assert.isFalse(Option.getOrThrow(yield* openAt(sealed, place("staging", `${name}X`))).bound)
          assert.isFalse(Option.getOrThrow(yield* openAt(sealed, place("production", name))).bound)
        }).pipe(Effect.provide(layer))
    )
  })
}

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

describe("Cipher on values of other origin", () => {
  it.effect("does not open what is not UTF-8", () =>
    Effect.gen(function* () {
      const parts = Gcm.seal(Redacted.value(key()), new Uint8Array(12), Uint8Array.of(0xff, 0xfe))
      assert.isTrue(Option.isNone(yield* openAt(SealedValue.fromParts(parts), here)))
    }).pipe(Effect.provide(Real.layer))
  )
})
