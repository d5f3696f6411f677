import * as Option from "effect/Option"
import { describe, expect, it } from "vitest"
import { nearest } from "../../src/domain/did-you-mean.ts"

const commands = ["set", "add", "get", "rm", "ls", "verify", "adopt", "key", "run"]
const environments = ["development", "production", "staging", "production-eu"]

describe("nearest", () => {
  it.each([
    ["sett", commands, "set"],
    ["st", commands, "set"],
    ["ste", commands, "set"],
    ["veriyf", commands, "verify"],
    ["RUN", commands, "run"],
    ["prodcution", environments, "production"],
    ["prodution", environments, "production"],
    ["stag", environments, "staging"],
    ["dev", environments, "development"],
    ["database_url", ["DATABASE_URL"], "DATABASE_URL"]
  ])("%s", (word, candidates, meant) => {
    expect(nearest(word, candidates)).toEqual(Option.some(meant))
  })

  it.each([
    ["deploy", commands],
    ["mr", commands.filter((name) => name === "ls")],
    ["", commands],
    ["qa", environments],
    // This prefix is ambiguous.
    ["prod", environments],
    ["x".repeat(100_000), ["x".repeat(100_001)]]
  ])("finds nothing near, case %#", (word, candidates) => {
    expect(nearest(word, candidates)).toEqual(Option.none())
  })

  it("finds the nearest candidate, and the first of several equally near ones", () => {
    expect(nearest("stagin", ["stagin1", "staging", "staging-2"])).toEqual(Option.some("stagin1"))
    expect(nearest("staging2", ["staging-22", "staging"])).toEqual(Option.some("staging"))
  })
})
