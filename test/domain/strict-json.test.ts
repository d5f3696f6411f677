import { assert, describe, it } from "@effect/vitest"
import * as StrictJson from "../../src/domain/strict-json.ts"
import * as FastCheck from "../support/fast-check.ts"

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)

describe("strict JSON", () => {
  it.each([
    ["nothing", "", "not-json"],
    ["a comment", "{} // x", "not-json"],
    ["a comma too many", '{"a":1,}', "not-json"],
    ["a merge conflict", '<<<<<<< HEAD\n{"a":1}\n=======\n{"a":2}\n>>>>>>> b\n', "not-json"],
    ["two texts", "{}{}", "not-json"],
    ["NaN", "NaN", "not-json"],
    ["a key twice", '{"a":1,"a":2}', "duplicate-key"],
    ["a key twice, spelled otherwise", '{"a":1,"\\u0061":2}', "duplicate-key"],
    ["a key twice, deep inside", '[{"b":[{"a":1,"b":{},"a":1}]}]', "duplicate-key"],
    ["a key twice, around an object", '{"a":{"a":1},"b":"x","a":1}', "duplicate-key"],
    ["__proto__ twice", '{"__proto__":1,"__proto__":2}', "duplicate-key"],
    ["65 levels", nested(65), "too-deep"],
    ["a million levels", nested(1_000_000), "too-deep"],
    ["an integer beyond 2^53", "9007199254740993", "number-too-large"],
    ["a number beyond a double", "1e999", "number-too-large"],
    ["a number too small for a double", "1e-999", "number-too-large"],
    ["a fraction with more digits than a double", '{"a":[0.12345678901234567891]}', "number-too-large"],
    ["an exponent beyond a double", "1e0999", "number-too-large"],
    ["a million zeros", `1.${"0".repeat(1_000_000)}1`, "number-too-large"]
  ] as const)("refuses %s", (_, text, fault) => {
    assert.deepStrictEqual(StrictJson.parse(text), { fault })
  })

  it.each([
    ["the same key in neighbours", '[{"a":1},{"a":1}]'],
    ["the same key in parent and child", '{"a":{"a":{"a":1}}}'],
    ["a value that looks like a key", '{"a":"a","b":"a"}'],
    ["strings that look like structure", '{"a":"{\\"b\\":1,\\"b\\":2}","c":"\\\\"}'],
    ["64 levels", nested(64)],
    ["strings that end in backslashes", '["\\\\","\\\\\\"","\\\\\\\\"]'],
    [
      "numbers in any spelling",
      "[0,-0,1.50,1E2,1e+2,100e-2,0.1,-3.25,9007199254740991,1e300,999999999999999,0.1234567890123,1e-9,-1e+99,123456789.5e99]"
    ],
    ["literals", "[true,false,null]"],
    ["lone surrogates", '"\\ud800"']
  ])("accepts %s", (_, text) => {
    assert.deepStrictEqual(StrictJson.parse(text), { value: JSON.parse(text) })
  })

  it("accepts whatever JSON.stringify writes", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value)
        assert.deepStrictEqual(StrictJson.parse(text), { value: JSON.parse(text) })
      })
    )
  })

  it("accepts a string of 16 MiB, escaped or not", () => {
    for (const text of ["a", "\\n", '\\"', "\\\\"].map(
      (part) => `"${part.repeat(16_000_000 / part.length)}"`
    )) {
      assert.deepStrictEqual(StrictJson.parse(text), { value: JSON.parse(text) })
    }
  })
})
