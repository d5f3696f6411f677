import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { byteLength } from "../../domain/key.ts"
import { serverKeyFrom } from "./sealing.ts"
import { ServerKey } from "./server-key.ts"

/** A random key that is lost with the layer: for tests, and for a server that stores no secrets. */
export const layerMemory: Layer.Layer<ServerKey> = Layer.scoped(
  ServerKey,
  Effect.suspend(() => serverKeyFrom("memory", Redacted.make<Uint8Array>(Crypto.randomBytes(byteLength))))
)
