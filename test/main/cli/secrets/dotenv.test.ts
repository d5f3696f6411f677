import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { assert, describe, it } from "vitest"
import type { SecretName } from "../../../../src/domain/names.ts"
import { readDotenv } from "../../../../src/main/cli/secrets/dotenv.ts"

const read = (text: string, ...only: ReadonlyArray<string>) =>
  readDotenv(Redacted.make(text), only as ReadonlyArray<SecretName>)
const valuesOf = (text: string, ...only: ReadonlyArray<string>) =>
  Object.fromEntries(
    [...Either.getOrThrow(read(text, ...only)).values].map(([name, value]) => [name, Redacted.value(value)])
  )
const refusal = (text: string, ...only: ReadonlyArray<string>) =>
  Either.match(read(text, ...only), { onLeft: ({ problem }) => problem, onRight: () => "nothing" })

describe("a .env file", () => {
  it("is read as dotenv reads it", () => {
    const text = [
      "\uFEFF# a comment",
      "PLAIN=a b # not this",
      'export QUOTED="two\\nlines # and this"',
      "SINGLE='a\\nb'",
      'PEM="-----BEGIN KEY-----',
      "MC4=",
      '-----END KEY-----"',
      "SPACED =  x  ",
      "TWICE=1",
      "TWICE=2"
    ].join("\r\n")
    assert.deepStrictEqual(valuesOf(text), {
      PLAIN: "a b",
      QUOTED: "two\nlines # and this",
      SINGLE: "a\\nb",
      PEM: "-----BEGIN KEY-----\nMC4=\n-----END KEY-----",
      SPACED: "x",
      TWICE: "2"
    })
  })

  it("returns only the names that were asked for, whatever else it contains", () => {
    assert.deepStrictEqual(valuesOf("A=1\nb.c=2\nD=encrypted:x\nE=5", "A", "E"), { A: "1", E: "5" })
    assert.strictEqual(refusal("A=1", "A", "B", "C"), "The file does not have B, C.")
  })

  it("returns the values that dotenvx decrypted, and its public keys only if they are asked for", () => {
    const text = 'DOTENV_PUBLIC_KEY="03"\nDOTENV_PUBLIC_KEY_CI="04"\nDOTENV_PUBLIC_KEYS=x\nA=1'
    assert.deepStrictEqual(valuesOf(text), { DOTENV_PUBLIC_KEYS: "x", A: "1" })
    assert.deepStrictEqual(Either.getOrThrow(read(text)).publicKeys, [
      "DOTENV_PUBLIC_KEY",
      "DOTENV_PUBLIC_KEY_CI"
    ] as never)
    assert.deepStrictEqual(valuesOf(text, "DOTENV_PUBLIC_KEY"), { DOTENV_PUBLIC_KEY: "03" })
  })

  it("reports a PEM on one line, but not JSON that contains one", () => {
    const pem = "-----BEGIN KEY-----\\nMC4=\\n-----END KEY-----"
    const text = `A=${pem}\nB='${pem}'\nC="${pem}"\nD='{"key":"${pem}"}'`
    assert.deepStrictEqual(Either.getOrThrow(read(text)).oneLine, ["A", "B"] as never)
  })

  it("reports names without a value, and references to other values", () => {
    const { empty, references, values } = Either.getOrThrow(read(`A=\nB=''\nC=\${D}/x\nE=pa$$word$F`))
    assert.deepStrictEqual([empty, references], [["A", "B"], ["C"]] as never)
    assert.strictEqual(values.size, 2)
  })

  it.each([
    ["A=1\nB=x y # z\n# c\n\nC='#'\nD=\"a#b\" # c\nE='it\"s'", [], [], undefined],
    ["A=pa#ss\nB=#fff\nC=1 # see x#y\nD=1\n#E=2", ["A", "B"], [], undefined],
    ["A=x#y\nA=2\nB=2\nB=x#y", ["B"], [], undefined],
    ['A="one\nB=\'\nC="x"y\nD=a"b\nE="a \\" b"', [], ["A", "B", "C"], undefined],
    ["A=-----BEGIN\r\nMC4CAQ\r\n-----END\r\nB=1", [], [], "lines 2 and 3"],
    ["\uFEFF# c\nA=1\nB:2\n=3\n\nexport C", [], [], "lines 3, 4 and 6"],
    ['A="-----BEGIN\nMC4\n-----END"\nnonsense\nB=1', [], [], "line 4"]
  ])(
    "is checked for what dotenv reads differently from other programs: %j",
    (text, cutOff, unclosed, skippedLines) => {
      const dotenv = Either.getOrThrow(read(text))
      assert.deepStrictEqual([dotenv.cutOff, dotenv.unclosed, dotenv.skippedLines], [
        cutOff,
        unclosed,
        skippedLines
      ] as never)
    }
  )

  it("with names that a secret cannot have is refused by line number, because they may be half a key", () => {
    const unclosed = 'A=1\nKEY="-----BEGIN\ncanary==\n\n  export my-key: canary'
    assert.match(refusal(unclosed), /: lines 3 and 5\.$/)
    assert.match(refusal("a=1\nabc=2"), /: lines 1 and 2\.$/)
    assert.match(refusal("a=1\nA=2\nA_b=3", "A"), /nothing/)
    assert.notInclude(refusal(unclosed), "canary")
  })

  it("of dotenvx, or of nothing, is refused", () => {
    assert.strictEqual(refusal("A=encrypted:BD8"), "1 value in it is encrypted by dotenvx: A.")
    for (const text of ["", "# nothing\n", "just text"]) assert.match(refusal(text), /no NAME=value line/)
  })
})
