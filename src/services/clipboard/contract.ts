import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Contract } from "../contract.ts"
import { Clipboard } from "./clipboard.ts"
import { ClipboardContents } from "./layer-memory.ts"

const secret = Redacted.make("c2VjcmV0IGtleQ==")

/** What every Clipboard must do, beside another program that uses the same contents. */
export const contract: Contract<Clipboard | ClipboardContents> = [
  {
    name: "what was copied can be pasted elsewhere",
    run: Effect.gen(function* () {
      yield* (yield* Clipboard).copy(secret)
      Assert.equal(yield* (yield* ClipboardContents).paste, Redacted.value(secret))
    })
  },

  {
    name: "text is copied verbatim: lines, other alphabets, shell syntax",
    run: Effect.gen(function* () {
      const text = "-e $(touch /tmp/x) `id`\n\tжук 🐙 'a' \"b\"\nlast"
      yield* (yield* Clipboard).copy(Redacted.make(text))
      Assert.equal(yield* (yield* ClipboardContents).paste, text)
    })
  },

  {
    name: "clear empties it if it contains our text",
    run: Effect.gen(function* () {
      const clipboard = yield* Clipboard
      yield* clipboard.copy(secret)
      yield* clipboard.clear(secret)
      Assert.equal(yield* (yield* ClipboardContents).paste, "")
    })
  },

  {
    name: "clear keeps text that was copied since",
    run: Effect.gen(function* () {
      const clipboard = yield* Clipboard
      const contents = yield* ClipboardContents
      yield* clipboard.copy(secret)
      yield* contents.copy("a shopping list")
      yield* clipboard.clear(secret)
      Assert.equal(yield* contents.paste, "a shopping list")
    })
  }
]
