import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Salt from "../../../src/domain/salt.ts"
import { KeyDerivation } from "../../../src/services/key-derivation/key-derivation.ts"
import * as Real from "../../../src/services/key-derivation/layer.ts"
import { layerMemory } from "../../../src/services/key-derivation/layer-memory.ts"
import { type Expected, readJson } from "../../support/vectors.ts"

const salt = (fill: number) => Salt.fromBytes(new Uint8Array(16).fill(fill))
const derive = (passphrase: string, from: Salt.Salt) =>
  Effect.flatMap(KeyDerivation, (derivation) => derivation.derive(Redacted.make(passphrase), from)).pipe(
    Effect.map((key) => Buffer.from(Redacted.value(key)).toString("base64"))
  )

const contract = (name: string, derivationLayer: Layer.Layer<KeyDerivation>) =>
  layer(derivationLayer)(name, (it) => {
    it.effect("gives 32 bytes that depend on every byte of passphrase and salt", () =>
      Effect.gen(function* () {
        const keys = yield* Effect.all([
          derive("octopus", salt(1)),
          derive("octopus", salt(2)),
          derive("octopus ", salt(1)),
          derive("Octopus", salt(1)),
          derive("\u00e4", salt(1)),
          derive("a\u0308", salt(1))
        ])
        assert.strictEqual(new Set(keys).size, keys.length)
        assert.strictEqual(Buffer.from(keys[0], "base64").length, 32)
        assert.strictEqual(yield* derive("octopus", salt(1)), keys[0])
      })
    )
  })

contract("KeyDerivation", Real.layer)
contract("KeyDerivation of hash-wasm", Real.layerOf(Real.argon2idOfHashWasm))
contract("KeyDerivation in memory", layerMemory)

describe("golden keys", () => {
  for (const file of ["bound", "plain"]) {
    const { passphrase, environments } = readJson<Expected>(`${file}.expected.json`)
    for (const [environment, expected] of Object.entries(environments)) {
      it.effect(`${file}, ${environment}`, () =>
        Effect.gen(function* () {
          const from = Option.getOrThrow(Salt.fromText(expected.salt))
          assert.strictEqual(yield* derive(passphrase, from), expected.key)
        }).pipe(Effect.provide(Real.layer))
      )
    }
  }
})
