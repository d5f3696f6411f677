import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Key from "../../../src/domain/key.ts"
import { fromBytes, type Salt } from "../../../src/domain/salt.ts"
import { Cipher } from "../../../src/services/cipher/cipher.ts"
import { layerMemory as cipherLayer } from "../../../src/services/cipher/layer-memory.ts"
import { environment, secret } from "../in-process.ts"
import { words } from "./target.ts"

/** An environment of which everything is known: key, salt, values. */
export interface Known {
  readonly name: string
  readonly salt: Salt
  readonly marked: boolean
  readonly key: () => Key.Key
  readonly values: ReadonlyMap<string, string>
  readonly sealed: Readonly<Record<string, string>>
}

const keyBytes = (name: string) => Crypto.createHash("sha256").update(`proof/${name}`).digest()

const values = new Map([
  ["A", "canary-value-of-the-fuzz-1"],
  ["B", ""],
  ["DATABASE_URL", "postgres://shop:canary@db/ü"],
  ["Z_9", "x".repeat(300)]
])

const know = (name: string, marked: boolean) =>
  Effect.gen(function* () {
    const cipher = yield* Cipher
    const salt = marked ? yield* cipher.newSalt : fromBytes(keyBytes(`salt ${name}`).subarray(0, 16))
    const key = () => Redacted.make(Uint8Array.from(keyBytes(name)))
    const sealed: Record<string, string> = {}
    for (const [one, text] of values) {
      const place = { environment: environment(name), secret: secret(one) }
      sealed[one] = yield* cipher.seal(key(), place, Redacted.make(text))
    }
    return { name, salt, marked, key, values, sealed } satisfies Known
  })

/**
 * Two environments that bind their values, one of the original's, and one of another project whose key this machine
 * has.
 */
export const all = Effect.runSync(
  Effect.provide(
    Effect.all([
      know("development", true),
      know("production", true),
      know("legacy", false),
      know("elsewhere", true)
    ]),
    cipherLayer
  )
)

export const blobs = all.flatMap(({ sealed }) => Object.values(sealed))
export const canaries = [
  "canary-value-of-the-fuzz-1",
  ...all.map(({ key }) => Buffer.from(Redacted.value(key())).toString("base64"))
]
export { words }
