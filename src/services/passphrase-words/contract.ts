import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { weakness } from "../../domain/passphrase.ts"
import type { Contract } from "../contract.ts"
import { PassphraseWords } from "./passphrase-words.ts"

/** What every PassphraseWords must do. */
export const contract: Contract<PassphraseWords> = [
  {
    name: "suggests six words of the list, as one shell word that is not weak",
    run: Effect.gen(function* () {
      const suggestion = yield* (yield* PassphraseWords).suggest
      const parts = Redacted.value(suggestion).split("-")
      Assert.equal(parts.length, 6)
      Assert.match(Redacted.value(suggestion), /^[a-z]+(-[a-z]+){5}$/)
      Assert.ok(Option.isNone(weakness(suggestion)))
    })
  },

  {
    name: "suggests another one each time",
    run: Effect.gen(function* () {
      const { suggest } = yield* PassphraseWords
      const first = yield* suggest
      const second = yield* suggest
      Assert.notEqual(Redacted.value(first), Redacted.value(second))
      Assert.ok(!String(first).includes(Redacted.value(first)))
    })
  }
]
