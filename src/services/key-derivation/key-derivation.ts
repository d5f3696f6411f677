import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { DerivationFailed } from "../../domain/errors/keys.ts"
import type { Key } from "../../domain/key.ts"
import type { Salt } from "../../domain/salt.ts"

/**
 * Turns a passphrase into the key of one environment: Argon2id v1.3 (RFC 9106), 64 MiB, 3 passes, 4 lanes, 32 bytes,
 * over the passphrase's UTF-8 exactly as typed. The caller owns the key and overwrites it when done.
 */
export class KeyDerivation extends Context.Tag("tako/KeyDerivation")<
  KeyDerivation,
  {
    readonly derive: (
      passphrase: Redacted.Redacted<string>,
      salt: Salt
    ) => Effect.Effect<Key, DerivationFailed>
  }
>() {}
