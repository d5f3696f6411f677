import { assert, describe, it } from "@effect/vitest"
import * as Names from "../../src/domain/names.ts"

describe("names", () => {
  it.each([
    ["production", true, true],
    ["a", true, true],
    ["a".repeat(63), true, true],
    ["a".repeat(64), false, true],
    ["eu-west-1", true, true],
    ["constructor", true, true],
    ["production-", false, true],
    ["-production", false, true],
    ["1st", false, true],
    ["-", false, true],
    ["Production", false, false],
    ["a_b", false, false],
    ["a b", false, false],
    ["a\n", false, false],
    ["__proto__", false, false],
    ["umläut", false, false],
    ["", false, false]
  ])("of environments: %j", (name, create, read) => {
    assert.strictEqual(Names.isNewEnvironmentName(name), create, "to give")
    assert.strictEqual(Names.isEnvironmentName(name), read, "to read")
  })

  it.each([
    ["DATABASE_URL", true, true],
    ["A", true, true],
    ["A1_", true, true],
    ["A".repeat(128), true, true],
    ["A".repeat(129), false, true],
    ["_A", false, false],
    ["1A", false, false],
    ["database", false, false],
    ["A-B", false, false],
    ["A\n", false, false],
    ["__proto__", false, false],
    ["Ä", false, false],
    ["", false, false]
  ])("of secrets: %j", (name, create, read) => {
    assert.strictEqual(Names.isNewSecretName(name), create, "to give")
    assert.strictEqual(Names.isSecretName(name), read, "to read")
  })
})
