import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { rotate } from "../../../src/programs/key/rotate.ts"
import { openParcels } from "../../../src/programs/sync/delivery.ts"
import { KeyPins } from "../../../src/services/key-pins/key-pins.ts"
import { machine } from "../../support/machine.ts"
import { environment, put } from "../../support/project-of.ts"

const production = environment("production")
const variables = { TAKO_PASSPHRASE: "a passphrase of these tests" }

describe("a sync after a rotation", () => {
  it.scoped("names the earlier keys until every server knows the new one", () =>
    Effect.gen(function* () {
      const { run } = yield* machine
      yield* Effect.gen(function* () {
        yield* put("production", "ONE", "1")
        const [first] = yield* openParcels("shop", [production])
        assert.deepStrictEqual(first?.previousKeyIds, [])
        yield* rotate(production, "same", () => Effect.void)
        yield* rotate(production, "same", () => Effect.void)
        const [third] = yield* openParcels("shop", [production])
        assert.lengthOf(third?.previousKeyIds ?? [], 2)
        assert.strictEqual(third?.previousKeyIds[0], first?.keyId)
        assert.notInclude(third?.previousKeyIds as ReadonlyArray<string>, third?.keyId ?? "")
        assert.deepStrictEqual(
          [...(third?.secrets ?? [])].map(([, value]) => Redacted.value(value)),
          ["1"]
        )
        const pins = yield* KeyPins
        yield* pins.retire(production, [])
        const [last] = yield* openParcels("shop", [production])
        assert.deepStrictEqual(last?.previousKeyIds, [])
      }).pipe((test) => run(test, { variables }))
    })
  )
})
