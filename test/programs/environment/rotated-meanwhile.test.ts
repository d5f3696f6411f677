import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { openEnvironment } from "../../../src/programs/environment/open.ts"
import { rotate } from "../../../src/programs/key/rotate.ts"
import type { SecretsFile } from "../../../src/services/secrets-file/secrets-file.ts"
import { machine } from "../../support/machine.ts"
import { environment, put } from "../../support/project-of.ts"

const production = environment("production")

/** Rotates the key right after each of the first reads, so that file and pins disagree. */
const rotatedAfterReads = (times: number) =>
  Effect.gen(function* () {
    const { run, file } = yield* machine
    yield* run(put("production", "A", "value"), { variables: { TAKO_PASSPHRASE: "octopus" } })
    let left = times
    const rotating: SecretsFile["Type"] = {
      ...file,
      read: Effect.tap(file.read, () =>
        Effect.suspend(() =>
          left-- > 0 ? Effect.orDie(run(rotate(production, "generated", () => Effect.void))) : Effect.void
        )
      )
    }
    return { run, file, rotating }
  })

describe("while the key is rotated on this machine,", () => {
  it.scoped("a reader gets the values, not an alarm", () =>
    Effect.gen(function* () {
      const { run, rotating } = yield* rotatedAfterReads(1)
      const values = yield* run(openEnvironment(production), { file: rotating })
      assert.deepStrictEqual([...values.values()].map(Redacted.value), ["value"])
    })
  )

  it.scoped("a writer writes under the new key", () =>
    Effect.gen(function* () {
      const { run, file, rotating } = yield* rotatedAfterReads(1)
      yield* run(put("production", "B", "another"), { file: rotating })
      const values = yield* run(openEnvironment(production), { file })
      assert.deepStrictEqual([...values.keys()], ["A", "B"])
    })
  )

  it.scoped("endless rotations are reported", () =>
    Effect.gen(function* () {
      const { run, rotating } = yield* rotatedAfterReads(Number.POSITIVE_INFINITY)
      const error = yield* Effect.flip(run(openEnvironment(production), { file: rotating }))
      assert.strictEqual(error._tag, "EnvironmentReplaced")
    })
  )
})
