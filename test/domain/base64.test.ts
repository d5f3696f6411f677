import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Base64 from "../../src/domain/base64.ts"
import * as FastCheck from "../support/fast-check.ts"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

describe("base64", () => {
  it("round-trips, in Node's own encoding", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = Base64.encode(bytes)
        assert.strictEqual(text, Buffer.from(bytes).toString("base64"))
        assert.deepStrictEqual(Base64.decode(text), Option.some(bytes))
      })
    )
  })

  it.each([
    ["no padding", "AA"],
    ["too little padding", "AA="],
    ["too much padding", "AAA=="],
    ["only padding", "===="],
    ["padding in the middle", "AA==AAAA"],
    ["a line break at the end", "AAAA\n"],
    ["a line break within", "AAAA\nAAAA"],
    ["a space", "AAA "],
    ["the URL alphabet", "-_-_"],
    ["a character beyond ASCII", "AAAä"],
    ["a NUL", "AAA\0"]
  ])("refuses %s", (_, text) => {
    assert.isTrue(Option.isNone(Base64.decode(text)))
  })

  it("accepts exactly one encoding of the last bits", () => {
    for (const letter of alphabet) {
      const two = `A${letter}==`
      assert.strictEqual(
        Option.isSome(Base64.decode(two)),
        Buffer.from(two, "base64").toString("base64") === two
      )
      const three = `AA${letter}=`
      assert.strictEqual(
        Option.isSome(Base64.decode(three)),
        Buffer.from(three, "base64").toString("base64") === three
      )
    }
  })

  it("accepts a value of 1 MiB", () => {
    const bytes = new Uint8Array(1024 * 1024 + 28).fill(0xa5)
    assert.deepStrictEqual(Base64.decode(Base64.encode(bytes)), Option.some(bytes))
  })
})
