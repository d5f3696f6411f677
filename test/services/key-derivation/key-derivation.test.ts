import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Salt from "../../../src/domain/salt.ts"
import { contract } from "../../../src/services/key-derivation/contract.ts"
import { KeyDerivation } from "../../../src/services/key-derivation/key-derivation.ts"
import * as Real from "../../../src/services/key-derivation/layer.ts"
import { layerMemory } from "../../../src/services/key-derivation/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import { type Expected, readJson } from "../../support/vectors.ts"

const derive = (passphrase: string, from: Salt.Salt) =>
  Effect.flatMap(KeyDerivation, (derivation) => derivation.derive(Redacted.make(passphrase), from)).pipe(
    Effect.map((key) => Buffer.from(Redacted.value(key)).toString("base64"))
  )

testContract("KeyDerivation", contract, Real.layer)
testContract("KeyDerivation of hash-wasm", contract, Real.layerOf(Real.argon2idOfHashWasm))
testContract("KeyDerivation in memory", contract, layerMemory)

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

describe("Argon2id v1.3 against the reference implementation's vectors (phc-winner-argon2, src/test.c)", () => {
  const vectors: ReadonlyArray<
    readonly [passes: number, log2Memory: number, lanes: number, message: string, nonce: string, tag: string]
  > = [
    [2, 16, 1, "password", "somesalt", "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"],
    [2, 18, 1, "password", "somesalt", "78fe1ec91fb3aa5657d72e710854e4c3d9b9198c742f9616c2f085bed95b2e8c"],
    [2, 8, 1, "password", "somesalt", "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"],
    [2, 8, 2, "password", "somesalt", "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"],
    [1, 16, 1, "password", "somesalt", "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98"],
    [4, 16, 1, "password", "somesalt", "9025d48e68ef7395cca9079da4c4ec3affb3c8911fe4f86d1a2520856f63172c"],
    [
      2,
      16,
      1,
      "differentpassword",
      "somesalt",
      "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde"
    ],
    [2, 16, 1, "password", "diffsalt", "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c"]
  ]
  const nodes = Real.argon2idOfNode()
  const implementations = [["hash-wasm" as string, Real.argon2idOfHashWasm] as const].concat(
    nodes === undefined ? [] : [["Node's own", nodes] as const]
  )
  for (const [name, argon2id] of implementations) {
    for (const [passes, log2Memory, parallelism, message, nonce, tag] of vectors) {
      it(`${name}: t=${passes}, m=2^${log2Memory}, p=${parallelism}, ${message}, ${nonce}`, async () => {
        const bytes = await argon2id({
          message: Buffer.from(message),
          nonce: Buffer.from(nonce),
          memory: 2 ** log2Memory,
          passes,
          parallelism,
          tagLength: 32
        })
        assert.strictEqual(Buffer.from(bytes).toString("hex"), tag)
      })
    }
  }
})
