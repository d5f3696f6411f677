import { assert, describe, it } from "@effect/vitest"
import { wordlist } from "@scure/bip39/wordlists/english.js"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { contract } from "../../../src/services/passphrase-words/contract.ts"
import { layer } from "../../../src/services/passphrase-words/layer.ts"
import { layerMemory } from "../../../src/services/passphrase-words/layer-memory.ts"
import { PassphraseWords } from "../../../src/services/passphrase-words/passphrase-words.ts"
import { testContract } from "../../support/contract.ts"

for (const [name, words] of [
  ["PassphraseWords", layer],
  ["PassphraseWords in memory", layerMemory]
] as const) {
  testContract(name, contract, words)

  it.effect(`${name} suggests words of the list`, () =>
    Effect.gen(function* () {
      const suggestion = yield* (yield* PassphraseWords).suggest
      for (const part of Redacted.value(suggestion).split("-")) assert.include(wordlist, part)
    }).pipe(Effect.provide(words))
  )
}

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
      // 2,400 uniform draws hit 1,414 ± 15 of 2048 words; draws from half of the list would hit at most 1,024.
      assert.isAbove(seen.size, 1300)
    }).pipe(Effect.provide(layer))
  )
})
