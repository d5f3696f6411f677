import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EnvironmentReplaced } from "../../domain/errors/keys.ts"
import * as Key from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Salt } from "../../domain/salt.ts"
import { KeyCache } from "../key-cache/key-cache.ts"
import { KeyPins } from "../key-pins/key-pins.ts"

/** What this machine knows of an environment's key. */
export interface Remembered {
  /** "here": pinned to this key; "elsewhere": pinned to another one. */
  readonly pinned: "here" | "elsewhere" | "nowhere"
  readonly key: Option.Option<Key.Key>
}

/** The cached key is overwritten when the scope closes. */
export const recall = Effect.fnUntraced(function* (name: EnvironmentName, salt: Salt) {
  const cache = yield* KeyCache
  const pins = yield* KeyPins
  const ids = yield* pins.of(name)
  const key = yield* Effect.acquireRelease(
    cache.find(salt),
    Option.match({ onNone: () => Effect.void, onSome: (key) => Effect.sync(() => Key.wipe(key)) })
  )
  const pinned = ids.length === 0 ? "nowhere" : ids.includes(cache.idOf(salt)) ? "here" : "elsewhere"
  return { pinned, key } satisfies Remembered
})

export const remember = Effect.fnUntraced(function* (name: EnvironmentName, salt: Salt, key: Key.Key) {
  const cache = yield* KeyCache
  const pins = yield* KeyPins
  const path = yield* cache.keep(salt, key)
  yield* pins.pin(name, [cache.idOf(salt)])
  return path
})

export const originsOf = (salt: Salt) =>
  Effect.flatMap(Effect.all([KeyCache, KeyPins]), ([cache, pins]) => pins.originsOf(cache.idOf(salt)))

export const failReplaced = (name: EnvironmentName, salt: Salt) =>
  Effect.flatMap(originsOf(salt), (origins) => new EnvironmentReplaced({ environment: name, origins }))
