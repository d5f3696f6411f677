import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { KeyCacheUnavailable } from "../../domain/errors/keys.ts"
import type { Key, KeyId } from "../../domain/key.ts"

/** The keys that this machine keeps, by their ids. */
export class KeyCache extends Context.Tag("tako/KeyCache")<
  KeyCache,
  {
    /** The caller owns the key and overwrites it when done. */
    readonly find: (id: KeyId) => Effect.Effect<Option.Option<Key>, KeyCacheUnavailable>
    /** Says where the key is now, for people: a path, "the login keychain". The caller's key may be overwritten afterwards. */
    readonly keep: (id: KeyId, key: Key) => Effect.Effect<string, KeyCacheUnavailable>
    /** True when there was one. */
    readonly forget: (id: KeyId) => Effect.Effect<boolean, KeyCacheUnavailable>
  }
>() {}
