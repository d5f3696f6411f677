import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"

/** Makes up passphrases that people can read out, type, and write down. */
export class PassphraseWords extends Context.Tag("tako/PassphraseWords")<
  PassphraseWords,
  {
    /**
     * Six English words joined by "-", so that they stay one word to a shell and to a double click. Each is one of
     * 2048 (BIP-39's list: unlike one another in their first four letters), drawn evenly: 66 bits in all.
     */
    readonly suggest: Effect.Effect<Redacted.Redacted<string>>
  }
>() {}
