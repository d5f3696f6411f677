import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { byteLength } from "../../domain/key.ts"
import { ofKey } from "./sealing.ts"
import { ServerKey } from "./server-key.ts"

/** A key that nobody has seen, and that is gone with the layer: for tests, and for a server that keeps no secrets. */
export const layerMemory: Layer.Layer<ServerKey> = Layer.scoped(
  ServerKey,
  Effect.suspend(() => ofKey("memory", Redacted.make<Uint8Array>(Crypto.randomBytes(byteLength))))
)
