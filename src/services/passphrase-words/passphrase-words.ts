import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"

/** Generates passphrases that people can read out, type, and write down. */
export class PassphraseWords extends Context.Tag("tako/PassphraseWords")<
  PassphraseWords,
  {
    /**
     * Six English words joined by "-", so that shells and double clicks treat them as one word. Each is one of
     * 2048 (BIP-39's list, whose words differ in their first four letters), chosen uniformly: 66 bits in all.
     */
    readonly suggest: Effect.Effect<Redacted.Redacted<string>>
  }
>() {}
