import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { same } from "../../../src/domain/secrets-file/environments.ts"
import { parse } from "../../../src/domain/secrets-file/parse.ts"
import { print } from "../../../src/domain/secrets-file/print.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { environments } from "./arbitrary.ts"

const canary = "Q0FOQVJZ"
const salt = (fill = 1) => Buffer.alloc(16, fill).toString("base64")
const sealed = (length = 30) => Buffer.alloc(length, 2).toString("base64")
const bytesOf = (text: string) => new TextEncoder().encode(text)
const fileOf = (value: unknown) => bytesOf(JSON.stringify(value))
const production = (more: object) => fileOf({ production: { salt: salt(), secrets: {}, ...more } })
const withSecret = (name: string, value: unknown) => production({ secrets: { [name]: value } })

const refused = (bytes: Uint8Array) => {
  const error = Either.getOrThrow(Either.flip(parse(bytes)))
  assert.notInclude(JSON.stringify(error) + error.message + error.stack, canary, "no value in the error")
  assert.include(error.message, "Nothing was changed")
  return error
}

describe("reading a secrets file", () => {
  it.each([
    ["nothing at all", new Uint8Array(), "not-json"],
    ["a byte order mark", bytesOf("\uFEFF{}"), "byte-order-mark"],
    ["a byte that is no UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), "not-utf8"],
    ["UTF-8 of a surrogate", Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), "not-utf8"],
    ["UTF-16", Buffer.from("{}", "utf16le"), "not-json"],
    ["a list", fileOf([]), "not-an-object"],
    ["null", fileOf(null), "not-an-object"],
    ["a text", fileOf(canary), "not-an-object"],
    ["an environment twice", bytesOf('{"a":{},"a":{}}'), "duplicate-key"],
    [
      "an unknown field twice",
      bytesOf(`{"a":{"salt":"${salt()}","secrets":{},"x":1,"x":2}}`),
      "duplicate-key"
    ],
    ["a merge conflict", bytesOf(`<<<<<<< ours\n{"${canary}":1}\n`), "conflict"],
    ["the end of one", bytesOf(`{"${canary}":1}\n>>>>>>> theirs\n`), "conflict"],
    ["a comma too many", bytesOf(`{"${canary}":1,}`), "not-json"],
    ["one byte more than 4 MiB", new Uint8Array(4 * 1024 * 1024 + 1).fill(0x20), "too-large"]
  ] as const)("refuses %s", (_, bytes, reason) => {
    assert.strictEqual(refused(bytes).reason, reason)
  })

  it.each(["Production", "a_b", "", "ä", "a b", "__proto__"])("refuses an environment named %j", (name) => {
    assert.strictEqual(
      refused(bytesOf(`{${JSON.stringify(name)}:{"salt":"${salt()}","secrets":{}}}`)).reason,
      "environment-name"
    )
  })

  it.each([
    ["no salt", { salt: undefined }, "salt"],
    ["a salt that is a number", { salt: 1 }, "salt"],
    ["a salt of 15 bytes", { salt: Buffer.alloc(15).toString("base64") }, "salt"],
    ["a salt of 17 bytes", { salt: Buffer.alloc(17).toString("base64") }, "salt"],
    ["a salt without padding", { salt: salt().slice(0, -2) }, "salt"],
    ["a salt with spare bits", { salt: "AQEBAQEBAQEBAQEBAQEBAR==" }, "salt"],
    ["a salt with a line break", { salt: `${salt()}\n` }, "salt"],
    ["no secrets", { secrets: undefined }, "not-an-object"],
    ["secrets in a list", { secrets: [] }, "not-an-object"],
    ["secrets that are null", { secrets: null }, "not-an-object"]
  ] as const)("refuses an environment with %s, and names it", (_, more, reason) => {
    const error = refused(production(more))
    assert.strictEqual(error.reason, reason)
    assert.strictEqual(error.environment, "production")
    assert.include(error.message, "production")
  })

  it("refuses an environment that is no object, and names it", () => {
    for (const value of [null, [], canary, 1]) {
      const error = refused(fileOf({ production: value }))
      assert.deepStrictEqual([error.reason, error.environment], ["not-an-object", "production"])
    }
  })

  it.each(["lower", "_A", "1A", "A-B", "A B", "", "__proto__", "constructor", "Ä"])(
    "refuses a secret named %j, without repeating it",
    (name) => {
      const error = refused(
        bytesOf(`{"production":{"salt":"${salt()}","secrets":{${JSON.stringify(name)}:"${sealed()}"}}}`)
      )
      assert.deepStrictEqual([error.reason, error.environment], ["secret-name", "production"])
      assert.isUndefined(error.secret)
    }
  )

  it.each([
    ["a number", 7],
    ["null", null],
    ["a list", [sealed()]],
    ["empty", ""],
    ["27 bytes, one less than nonce and tag", sealed(27)],
    ["larger than 1 MiB", sealed(1024 * 1024 + 29)],
    ["without padding", sealed(31).replace(/=+$/, "")],
    ["in the URL alphabet", sealed(30).replaceAll("A", "_")],
    ["with spare bits", `${sealed(31).slice(0, -3)}h==`],
    ["followed by a space", `${sealed()} `],
    ["not base64 at all", `${canary}!`]
  ])("refuses a value that is %s, and names its place", (_, value) => {
    const error = refused(withSecret("DATABASE_URL", value))
    assert.deepStrictEqual(
      [error.reason, error.environment, error.secret],
      ["sealed-value", "production", "DATABASE_URL"]
    )
  })

  it("refuses the same salt in two environments, and names both", () => {
    const error = refused(fileOf({ a: { salt: salt(), secrets: {} }, b: { salt: salt(), secrets: {} } }))
    assert.deepStrictEqual([error.reason, error.environment, error.other], ["salt-twice", "b", "a"])
  })

  it("accepts names that only the original allows, and values of 0 bytes and of 1 MiB", () => {
    const file = parse(
      fileOf({
        "-0-": {
          salt: salt(),
          secrets: { ["A".repeat(500)]: sealed(28), B: sealed(1024 * 1024 + 28) }
        },
        constructor: { salt: salt(2), secrets: {} },
        "12": { salt: salt(3), secrets: {} }
      })
    )
    assert.deepStrictEqual([...Either.getOrThrow(file).keys()].sort(), ["-0-", "12", "constructor"])
  })

  it("accepts a file of exactly 4 MiB", () => {
    const bytes = new Uint8Array(4 * 1024 * 1024).fill(0x20)
    bytes.set(bytesOf("{}"))
    assert.strictEqual(Either.getOrThrow(parse(bytes)).size, 0)
  })

  it("treats names that mean something to JavaScript like any other", () => {
    const text = `{"toString-x":{"salt":"${salt()}","secrets":{},"__proto__":{"salt":"x","polluted":1},"constructor":{"prototype":{"polluted":1}}}}`
    assert.strictEqual(refused(bytesOf(text)).reason, "environment-name")
    const file = Either.getOrThrow(parse(bytesOf(text.replace("toString-x", "constructor"))))
    assert.isUndefined(({} as Record<string, unknown>).polluted)
    assert.include(print(file), '"__proto__": {\n      "salt": "x",\n      "polluted": 1\n    }')
    assert.isUndefined(file.get("constructor" as never)?.unknownFields.polluted)
  })

  it("does not take a salt from __proto__", () => {
    assert.strictEqual(
      refused(bytesOf(`{"a":{"__proto__":{"salt":"${salt()}","secrets":{}},"secrets":{}}}`)).reason,
      "salt"
    )
  })

  it("reads back whatever was printed", () => {
    FastCheck.assert(
      FastCheck.property(environments, (file) => {
        const again = Either.getOrThrow(parse(bytesOf(print(file))))
        assert.isTrue(same(again, file))
        assert.strictEqual(print(again), print(file))
      }),
      { numRuns: 300 }
    )
  })

  it("returns a file or a typed error for any bytes, and never throws", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.uint8Array({ maxLength: 60 }), FastCheck.json(), (bytes, json) => {
        parse(bytes)
        parse(bytesOf(json))
        parse(bytesOf(`{"a":${json}}`))
      }),
      { numRuns: 500 }
    )
  })
})
