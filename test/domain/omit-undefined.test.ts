import { assert, describe, expectTypeOf, it } from "vitest"
import { omitUndefined } from "../../src/domain/omit-undefined.ts"

describe("omitUndefined", () => {
  it("drops undefined members, and keeps the others", () => {
    const list = [1, undefined]
    const all = { zero: 0, empty: "", no: false, nothing: null, list, missing: undefined }
    const kept = omitUndefined(all)
    assert.deepStrictEqual(kept, { zero: 0, empty: "", no: false, nothing: null, list } as typeof kept)
    assert.strictEqual(kept.list, list)
    assert.isFalse("missing" in kept)
  })

  it("makes only members that may be undefined optional", () => {
    const port = (port: number | undefined) => omitUndefined({ host: "localhost", port })
    expectTypeOf(port).returns.toEqualTypeOf<{ readonly host: "localhost"; readonly port?: number }>()
    const exact: { readonly host: string; readonly port?: number } = port(undefined)
    assert.deepStrictEqual(exact, { host: "localhost" })
    assert.deepStrictEqual(port(80), { host: "localhost", port: 80 })
  })

  it("keeps a __proto__ member a member", () => {
    const parsed = JSON.parse('{"__proto__": 1}') as object
    assert.deepStrictEqual(Object.entries(omitUndefined(parsed)), [["__proto__", 1]])
  })
})
