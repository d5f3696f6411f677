import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { KeyId } from "../../domain/key.ts"
import { KeyCache } from "./key-cache.ts"

/** Keys that live as long as the layer. */
export const layerMemory: Layer.Layer<KeyCache> = Layer.sync(KeyCache, () => {
  const keys = new Map<KeyId, Uint8Array>()
  return {
    find: (id) =>
      Effect.sync(() =>
        Option.map(Option.fromNullable(keys.get(id)), (bytes) => Redacted.make(Uint8Array.from(bytes)))
      ),
    keep: (id, key) =>
      Effect.sync(() => {
        keys.set(id, Uint8Array.from(Redacted.value(key)))
        return `keys/${id}`
      }),
    forget: (id) => Effect.sync(() => keys.delete(id))
  }
})
