import * as Crypto from "node:crypto"
import * as Layer from "effect/Layer"
import type { Cipher } from "./cipher.ts"
import { layerOf } from "./layer.ts"

/**
 * The real cipher with a counter instead of randomness, so that tests get the same blobs in every run: never for a real
 * file.
 */
export const layerMemory: Layer.Layer<Cipher> = Layer.suspend(() => {
  let count = 0
  return layerOf((length) => {
    count += 1
    return Crypto.createHash("sha256").update(`tako/${count}`).digest().subarray(0, length)
  })
})
