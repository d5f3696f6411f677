import * as Crypto from "node:crypto"
import { layerOf } from "./layer.ts"

/** Fast and weak (one HMAC): for tests and for embedders' tests, never for a real file. */
export const layerMemory = layerOf(async ({ message, nonce }) =>
  Crypto.createHmac("sha256", nonce).update(message).digest()
)
