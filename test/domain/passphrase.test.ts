import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { weakness } from "../../src/domain/passphrase.ts"

const weaknessOf = (text: string) => Option.getOrElse(weakness(Redacted.make(text)), () => "none")

describe("weakness", () => {
  it.each([
    ["", "it has fewer than 12 characters"],
    ["x7#kQ2!pL9z", "it has fewer than 12 characters"],
    ["🦑🐙🦑🐙🦑🐙🦑🐙🦑🐙🦑", "it has fewer than 12 characters"],
    ["aaaaaaaaaaaaaaaaaaaa", "it has only a few different characters"],
    ["abababababab", "it has only a few different characters"],
    ["hunter2hunter2", "it repeats itself"],
    ["secret!secret!secret", "it repeats itself"],
    ["abcdefghijklmnop", "it is characters in their order"],
    ["zyxwvutsrqponml", "it is characters in their order"],
    ["1234567890123", "it is characters in their order"],
    ["195403271982", "it is digits only"],
    ["Correcthorse", "it is a single short word"],
    ["photosynthesi1!", "it is a single short word"]
  ])("of %j: %s", (text, reason) => {
    assert.strictEqual(weaknessOf(text), reason)
  })

  it.each([
    "abandon-ability-able-about-above-absent",
    "x7#kQ2!pL9zV",
    "correct horse battery staple",
    "84719305526174093851",
    "pneumonoultramicroscopicsilicovolcanoconiosis",
    "пароль длинный и тёмный"
  ])("is not found in %j", (text) => {
    assert.strictEqual(weaknessOf(text), "none")
  })

  it("does not reveal the passphrase", () => {
    assert.notInclude(weaknessOf("hunter2hunter2"), "hunter")
  })
})
