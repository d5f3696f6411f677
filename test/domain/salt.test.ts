import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Salt from "../../src/domain/salt.ts"
import * as SealedValue from "../../src/domain/sealed-value.ts"

const base64 = (length: number) => Buffer.alloc(length, 7).toString("base64")

describe("a salt", () => {
  it("is the base64 of 16 bytes, and nothing else", () => {
    for (const length of [0, 12, 15, 16, 17, 32]) {
      assert.strictEqual(Option.isSome(Salt.fromText(base64(length))), length === 16, `${length} bytes`)
    }
    assert.isTrue(Option.isNone(Salt.fromText("BwcHBwcHBwcHBwcHBwcHBx==")), "spare bits")
    assert.isTrue(Option.isNone(Salt.fromText(base64(16).replace(/=+$/, ""))), "no padding")
    assert.isTrue(Option.isNone(Salt.fromText(`${base64(16)}\n`)), "a newline")
  })

  it("decodes to its bytes", () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => i * 16)
    assert.deepStrictEqual(Salt.toBytes(Salt.fromBytes(bytes)), bytes)
    assert.throws(() => Salt.fromBytes(bytes.subarray(1)))
  })
})

describe("a sealed value", () => {
  it("has a nonce, a tag and at most 1 MiB between them", () => {
    for (const length of [0, 12, 27, 28, 29, 1024 * 1024 + 28, 1024 * 1024 + 29]) {
      const fits = length >= 28 && length <= 1024 * 1024 + 28
      assert.strictEqual(Option.isSome(SealedValue.fromText(base64(length))), fits, `${length} bytes`)
    }
  })

  it("can be split into its parts and joined again", () => {
    const text = Buffer.from(Uint8Array.from({ length: 31 }, (_, i) => i)).toString("base64")
    const sealed = Option.getOrThrow(SealedValue.fromText(text))
    const { nonce, ciphertext, tag } = SealedValue.toParts(sealed)
    assert.deepStrictEqual([nonce.length, ciphertext.length, tag.length], [12, 3, 16])
    assert.deepStrictEqual([nonce[0], ciphertext[0], tag[0]], [0, 12, 15])
    assert.strictEqual(SealedValue.fromParts({ nonce, ciphertext, tag }), sealed)
  })
})
