import { assert, describe, it } from "@effect/vitest"
import { plainToml } from "../../../src/domain/schema/toml.ts"

/** `depth` nested tables. */
const nested = (depth: number) => {
  let value: unknown = "leaf"
  for (let level = 0; level < depth; level++) value = { a: value }
  return value
}

describe("the output of a TOML parser", () => {
  it("keeps what our formats may contain", () => {
    assert.deepStrictEqual(plainToml({ a: [1n, "two", { b: true }] }), { a: [1, "two", { b: true }] })
    assert.deepStrictEqual(plainToml(nested(16)), nested(16))
  })

  it("turns dates and fractions into undefined", () => {
    assert.deepStrictEqual(plainToml({ a: 1.5, b: new Date(0) }), { a: undefined, b: undefined })
  })

  it("is cut off below the depth of our formats, however deeply the file nests", () => {
    assert.notInclude(JSON.stringify(plainToml(nested(17))), "leaf")
    assert.notInclude(JSON.stringify(plainToml(nested(300_000))), "leaf")
  })
})
