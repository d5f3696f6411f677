import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { decode, encode } from "../../src/domain/envelope.ts"
import { EnvironmentName, type SecretName } from "../../src/domain/names.ts"
import * as FastCheck from "../support/fast-check.ts"

const envelopeOf = (secrets: Iterable<readonly [string, string]>, token = "t") => ({
  token: Redacted.make(token),
  secrets: new Map([...secrets].map(([name, value]) => [name as SecretName, Redacted.make(value)]))
})

const hostile = ["__proto__", "constructor", "toJSON", "", "\u2028", '"', "\\", "\0", "1", "e\u0301", "🐙"]
const text = FastCheck.oneof(
  FastCheck.constantFrom(...hostile),
  FastCheck.string({ unit: "binary" }),
  FastCheck.string()
)

describe("the envelope", () => {
  it("is one JSON object, without a newline, names sorted", () => {
    const secrets = [
      ["B", "two\n"],
      ["A", 'o"ne']
    ] as const
    assert.strictEqual(
      Redacted.value(encode(envelopeOf(secrets))),
      '{"token":"t","secrets":{"A":"o\\"ne","B":"two\\n"}}'
    )
  })

  it("puts the environment last, where the original's readers ignore it", () => {
    assert.strictEqual(
      Redacted.value(encode({ ...envelopeOf([["A", "one"]]), environment: EnvironmentName("production") })),
      '{"token":"t","secrets":{"A":"one"},"environment":"production"}'
    )
  })

  it("may contain no secrets", () => {
    assert.strictEqual(Redacted.value(encode(envelopeOf([]))), '{"token":"t","secrets":{}}')
  })

  it("gives a JSON reader every name and value as it was", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(FastCheck.tuple(text, text)), text, (entries, token) => {
        const secrets = new Map(entries)
        const read = JSON.parse(Redacted.value(encode(envelopeOf(secrets, token))))
        assert.deepStrictEqual(Object.keys(read), ["token", "secrets"])
        assert.strictEqual(read.token, token)
        assert.deepStrictEqual(new Map(Object.entries(read.secrets)), new Map([...secrets]))
        assert.strictEqual(Object.getPrototypeOf(read.secrets), Object.prototype)
      }),
      { numRuns: 500, examples: [[hostile.map((each) => [each, each]), "t"]] }
    )
  })

  it("decodes what it encodes, and nothing else", () => {
    const envelope = { ...envelopeOf([["A", "one"]]), environment: EnvironmentName("production") }
    assert.deepStrictEqual(decode(JSON.parse(Redacted.value(encode(envelope)))), Either.right(envelope))
    for (const other of [
      {},
      { token: "t" },
      { token: "t", secrets: [] },
      { token: "c4nary", secrets: { A: 1 } }
    ]) {
      const decoded = decode(other)
      assert.isTrue(Either.isLeft(decoded))
      assert.notInclude(JSON.stringify(decoded), "c4nary")
    }
  })

  it("reveals nothing when it is printed", () => {
    const envelope = encode(envelopeOf([["A", "canary"]]))
    assert.notInclude(String(envelope) + JSON.stringify(envelope), "canary")
  })
})
