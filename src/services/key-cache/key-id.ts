import * as Crypto from "node:crypto"
import type { KeyId } from "../../domain/key.ts"
import type { Salt } from "../../domain/salt.ts"

/** The first 16 hex digits of SHA-256 over the salt's base64 text. */
export const keyIdOf = (salt: Salt): KeyId =>
  Crypto.createHash("sha256").update(salt).digest("hex").slice(0, 16) as KeyId
