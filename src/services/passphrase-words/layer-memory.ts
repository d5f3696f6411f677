import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { PassphraseWords } from "./passphrase-words.ts"

const firstWords = ["abandon", "ability", "able", "about", "above", "absent", "absorb", "abstract", "absurd"]

/** Predictable suggestions, each different from the one before: for tests only. */
export const layerMemory = Layer.sync(PassphraseWords, () => {
  let given = 0
  return {
    suggest: Effect.sync(() => {
      const words = Array.from({ length: 6 }, (_, at) => firstWords[(given + at) % firstWords.length])
      given += 1
      return Redacted.make(words.join("-"))
    })
  }
})
