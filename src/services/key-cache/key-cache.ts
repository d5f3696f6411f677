import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { KeyCacheUnsafe } from "../../domain/errors/keys.ts"
import type { FileFailed } from "../../domain/errors/secrets-file.ts"
import type { Key, KeyId } from "../../domain/key.ts"
import type { Salt } from "../../domain/salt.ts"

/** The keys that this machine keeps, one 0600 file each in a 0700 folder: `$TAKO_HOME/keys/<key id>`. */
export class KeyCache extends Context.Tag("tako/KeyCache")<
  KeyCache,
  {
    readonly idOf: (salt: Salt) => KeyId
    /** The caller owns the key and overwrites it when done. */
    readonly find: (salt: Salt) => Effect.Effect<Option.Option<Key>, KeyCacheUnsafe | FileFailed>
    /** Gives the path where the key now is, for people. */
    readonly keep: (salt: Salt, key: Key) => Effect.Effect<string, KeyCacheUnsafe | FileFailed>
    /** True when there was one. */
    readonly forget: (salt: Salt) => Effect.Effect<boolean, KeyCacheUnsafe | FileFailed>
  }
>() {}
