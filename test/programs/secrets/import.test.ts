import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { SecretName } from "../../../src/domain/names.ts"
import { print } from "../../../src/domain/secrets-file/print.ts"
import { get } from "../../../src/programs/secrets/get.ts"
import { importSecrets, withOutcome } from "../../../src/programs/secrets/import.ts"
import { machine } from "../../support/machine.ts"
import { environment, place, put, secret, tamper } from "../../support/project-of.ts"

const variables = { TAKO_PASSPHRASE: "octopus" }
const production = environment("production")
const valuesOf = (values: Readonly<Record<string, string>>) =>
  new Map(Object.entries(values).map(([name, value]) => [secret(name), Redacted.make(value)] as const))
const unasked = () => Effect.dieMessage("nobody is to be asked")
const opened = (name: string) => Effect.map(get(place("production", name)), Redacted.value)

describe("import", () => {
  it.scoped("creates the environment with all of its secrets in one write", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      const done = yield* run(importSecrets(production, valuesOf({ A: "one", B: "two" }), unasked), {
        variables
      })
      assert.isTrue(done.created)
      assert.deepStrictEqual(withOutcome(done.outcomes, "set"), [secret("A"), secret("B")])
      assert.deepStrictEqual([yield* run(opened("A")), yield* run(opened("B"))], ["one", "two"])
    })
  )

  it.scoped(
    "asks once about everything it would replace, and leaves unchanged values as they are, to the byte",
    () =>
      Effect.gen(function* () {
        const { run, file } = yield* machine
        for (const name of ["A", "B", "C"]) yield* run(put("production", name, "old"), { variables })
        const before = yield* file.read
        const asked: Array<ReadonlyArray<SecretName>> = []
        const values = valuesOf({ A: "new", B: "old", C: "new", D: "new" })
        const command = (answer: boolean) =>
          run(
            importSecrets(production, values, (replaced) => {
              asked.push(replaced)
              return Effect.succeed(answer)
            })
          )
        assert.strictEqual((yield* Effect.flip(command(false)))._tag, "Declined")
        assert.strictEqual(print(yield* file.read), print(before))
        const { outcomes } = yield* command(true)
        assert.deepStrictEqual(asked, [
          [secret("A"), secret("C")],
          [secret("A"), secret("C")]
        ])
        assert.deepStrictEqual([...outcomes.values()], ["updated", "unchanged", "updated", "set"])
        const after = (yield* file.read).get(production)
        assert.strictEqual(after?.secrets.get(secret("B")), before.get(production)?.secrets.get(secret("B")))
      })
  )

  it.scoped("does not replace a value that somebody else set while it asked", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      yield* run(put("production", "A", "old"), { variables })
      const command = importSecrets(production, valuesOf({ A: "new", B: "new" }), () =>
        Effect.as(run(put("production", "B", "theirs")), true)
      )
      assert.strictEqual((yield* Effect.flip(run(command)))._tag, "SecretsFileChanged")
      assert.deepStrictEqual([yield* run(opened("A")), yield* run(opened("B"))], ["old", "theirs"])
    })
  )

  it.scoped("writes nothing if another value does not open, but can replace one that does not", () =>
    Effect.gen(function* () {
      const { run, file } = yield* machine
      for (const name of ["A", "B"]) yield* run(put("production", name, "old"), { variables })
      yield* run(tamper("production", "A", (all) => all.get(production)?.secrets.get(secret("B")) as never))
      const before = print(yield* file.read)
      const yes = () => Effect.succeed(true)
      const beside = yield* Effect.flip(run(importSecrets(production, valuesOf({ C: "new" }), yes)))
      assert.strictEqual(beside._tag, "SecretMisplaced")
      assert.strictEqual(print(yield* file.read), before)
      yield* run(importSecrets(production, valuesOf({ A: "new" }), yes))
      assert.strictEqual(yield* run(opened("A")), "new")
    })
  )

  it.scoped("refuses everything if one value cannot be stored", () =>
    Effect.gen(function* () {
      const { run, file } = yield* machine
      const values = valuesOf({ A: "fine", B: "x".repeat(1024 * 1024 + 1) })
      const error = yield* Effect.flip(run(importSecrets(production, values, unasked), { variables }))
      assert.strictEqual(error._tag, "ValueRefused")
      assert.strictEqual((yield* file.read).size, 0)
    })
  )
})
