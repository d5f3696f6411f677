import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { KeyId } from "../../domain/key.ts"
import { KeyCache } from "./key-cache.ts"
import { keyIdOf } from "./key-id.ts"

/** Keys that are kept as long as the layer lives. */
export const layerMemory: Layer.Layer<KeyCache> = Layer.sync(KeyCache, () => {
  const keys = new Map<KeyId, Uint8Array>()
  return {
    idOf: keyIdOf,
    find: (salt) =>
      Effect.sync(() =>
        Option.map(Option.fromNullable(keys.get(keyIdOf(salt))), (bytes) =>
          Redacted.make(Uint8Array.from(bytes))
        )
      ),
    keep: (salt, key) =>
      Effect.sync(() => {
        keys.set(keyIdOf(salt), Uint8Array.from(Redacted.value(key)))
        return `keys/${keyIdOf(salt)}`
      }),
    forget: (salt) => Effect.sync(() => keys.delete(keyIdOf(salt)))
  }
})
