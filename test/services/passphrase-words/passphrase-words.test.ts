import { assert, describe, it } from "@effect/vitest"
import { wordlist } from "@scure/bip39/wordlists/english.js"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { weakness } from "../../../src/domain/passphrase.ts"
import { layer } from "../../../src/services/passphrase-words/layer.ts"
import { layerMemory } from "../../../src/services/passphrase-words/layer-memory.ts"
import { PassphraseWords } from "../../../src/services/passphrase-words/passphrase-words.ts"

const contract = (name: string, words: Layer.Layer<PassphraseWords>) =>
  describe(`PassphraseWords: ${name}`, () => {
    it.effect("suggests six words of the list, as one shell word that is not weak", () =>
      Effect.gen(function* () {
        const suggestion = yield* (yield* PassphraseWords).suggest
        const parts = Redacted.value(suggestion).split("-")
        assert.strictEqual(parts.length, 6)
        for (const part of parts) assert.include(wordlist, part)
        assert.match(Redacted.value(suggestion), /^[a-z]+(-[a-z]+){5}$/)
        assert.isTrue(Option.isNone(weakness(suggestion)))
      }).pipe(Effect.provide(words))
    )

    it.effect("suggests another one each time", () =>
      Effect.gen(function* () {
        const { suggest } = yield* PassphraseWords
        const first = yield* suggest
        const second = yield* suggest
        assert.notStrictEqual(Redacted.value(first), Redacted.value(second))
        assert.notInclude(String(first), Redacted.value(first))
      }).pipe(Effect.provide(words))
    )
  })

contract("the real layer", layer)
contract("in memory", layerMemory)

describe("the list", () => {
  it("has 2048 different words, so six of them have 66 bits", () => {
    assert.strictEqual(new Set(wordlist).size, 2048)
  })

  it.effect("is used in full", () =>
    Effect.gen(function* () {
      const { suggest } = yield* PassphraseWords
      const seen = new Set<string>()
      for (let round = 0; round < 400; round++) {
        for (const word of Redacted.value(yield* suggest).split("-")) seen.add(word)
      }
      // 2,400 even draws meet 1,414 of 2048 words, give or take 15; draws from half the list at most 1,024.
      assert.isAbove(seen.size, 1300)
    }).pipe(Effect.provide(layer))
  )
})
