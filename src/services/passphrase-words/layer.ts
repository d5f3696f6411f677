import { randomInt } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { PassphraseWords } from "./passphrase-words.ts"

const count = 6

/** Uses the operating system's randomness; the word list is loaded for the first suggestion. */
export const layer = Layer.succeed(PassphraseWords, {
  suggest: Effect.map(
    Effect.promise(() => import("@scure/bip39/wordlists/english.js")),
    ({ wordlist }) => {
      const draw = () => wordlist[randomInt(wordlist.length)] as string
      return Redacted.make(Array.from({ length: count }, draw).join("-"))
    }
  )
})
