import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Salt from "../../domain/salt.ts"
import type { Contract } from "../contract.ts"
import { KeyDerivation } from "./key-derivation.ts"

const salt = (fill: number) => Salt.fromBytes(new Uint8Array(16).fill(fill))
const derive = (passphrase: string, from: Salt.Salt) =>
  Effect.flatMap(KeyDerivation, (derivation) => derivation.derive(Redacted.make(passphrase), from)).pipe(
    Effect.map((key) => Buffer.from(Redacted.value(key)).toString("base64"))
  )

/** What every KeyDerivation must do. */
export const contract: Contract<KeyDerivation> = [
  {
    name: "derives 32 bytes that depend on every byte of passphrase and salt",
    run: Effect.gen(function* () {
      const keys = yield* Effect.all([
        derive("octopus", salt(1)),
        derive("octopus", salt(2)),
        derive("octopus ", salt(1)),
        derive("Octopus", salt(1)),
        derive("\u00e4", salt(1)),
        derive("a\u0308", salt(1))
      ])
      Assert.equal(new Set(keys).size, keys.length)
      Assert.equal(Buffer.from(keys[0], "base64").length, 32)
      Assert.equal(yield* derive("octopus", salt(1)), keys[0])
    })
  }
]
