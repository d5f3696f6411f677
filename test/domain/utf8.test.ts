import * as Option from "effect/Option"
import { assert, describe, it } from "vitest"
import { decodeUtf8, withoutByteOrderMark } from "../../src/domain/utf8.ts"

describe("UTF-8", () => {
  it("decodes text, a byte order mark included", () => {
    assert.deepStrictEqual(decodeUtf8(Buffer.from("\uFEFFgrün 🐙")), Option.some("\uFEFFgrün 🐙"))
    assert.deepStrictEqual(decodeUtf8(Buffer.of()), Option.some(""))
  })

  it.each([
    ["a byte that never occurs", [0xff]],
    ["a character that is cut off", [0xe2, 0x82]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["an overlong slash", [0xc0, 0xaf]]
  ])("refuses %s, and still decodes the next text", (_, bytes) => {
    assert.deepStrictEqual(decodeUtf8(Uint8Array.from(bytes)), Option.none())
    assert.deepStrictEqual(decodeUtf8(Buffer.from("ok")), Option.some("ok"))
  })

  it("removes one byte order mark from the beginning, and from nowhere else", () => {
    assert.strictEqual(withoutByteOrderMark("\uFEFFa\uFEFF"), "a\uFEFF")
  })
})
