import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { DerivationFailed } from "../../domain/errors/keys.ts"
import * as Key from "../../domain/key.ts"
import * as Salt from "../../domain/salt.ts"
import { KeyDerivation } from "./key-derivation.ts"

/** Argon2id's inputs as RFC 9106 §3.1 names them; `memory` in KiB, `tagLength` in bytes. */
export interface Argon2Input {
  readonly message: Uint8Array
  readonly nonce: Uint8Array
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly tagLength: number
}

export type Argon2id = (input: Argon2Input) => Promise<Uint8Array>

/** The parameters of the format: every implementation of it uses these. */
const parameters = { memory: 65536, passes: 3, parallelism: 4, tagLength: Key.byteLength } as const

type NodeArgon2 = (
  algorithm: "argon2id",
  input: Argon2Input,
  callback: (error: Error | null, tag: Uint8Array) => void
) => void

/**
 * Node's own Argon2 (node:crypto, since 24.7), if it has one. Only looked up when it is needed, because that alone makes
 * Node load its crypto, which takes 7 ms.
 */
export const argon2idOfNode = (): Argon2id | undefined => {
  const { argon2 } = Crypto as { readonly argon2?: NodeArgon2 }
  return (
    argon2 &&
    ((input) =>
      new Promise((resolve, reject) => {
        argon2("argon2id", input, (error, tag) => (error === null ? resolve(tag) : reject(error)))
      }))
  )
}

/** hash-wasm's Argon2, loaded when a passphrase is first used, because that takes 11 ms. */
export const argon2idOfHashWasm: Argon2id = async ({
  message,
  nonce,
  memory,
  passes,
  parallelism,
  tagLength
}) => {
  const { argon2id } = await import("hash-wasm")
  return argon2id({
    password: message,
    salt: nonce,
    memorySize: memory,
    iterations: passes,
    parallelism,
    hashLength: tagLength,
    outputType: "binary"
  })
}

export const layerOf = (argon2id: Argon2id): Layer.Layer<KeyDerivation> =>
  Layer.succeed(KeyDerivation, {
    derive: Effect.fn("KeyDerivation.derive")((passphrase, salt) =>
      Effect.acquireUseRelease(
        Effect.sync(() => new TextEncoder().encode(Redacted.value(passphrase))),
        (message) =>
          Effect.tryPromise({
            try: () => argon2id({ ...parameters, message, nonce: Salt.toBytes(salt) }),
            catch: (error) => new DerivationFailed({ reason: reasonOf(error) })
          }),
        (message) => Effect.sync(() => message.fill(0))
      ).pipe(Effect.map((bytes) => Redacted.make(bytes)))
    )
  })

export const layer: Layer.Layer<KeyDerivation> = layerOf((input) =>
  (argon2idOfNode() ?? argon2idOfHashWasm)(input)
)

const reasonOf = (error: unknown): DerivationFailed["reason"] =>
  error instanceof Error && "code" in error && String(error.code).endsWith("MODULE_NOT_FOUND")
    ? "unavailable"
    : "out-of-memory"
