import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { isSecretName } from "../../../src/domain/names.ts"
import { same, withoutSecret, withSecret } from "../../../src/domain/secrets-file/environments.ts"
import { parse } from "../../../src/domain/secrets-file/parse.ts"
import { print } from "../../../src/domain/secrets-file/print.ts"
import { read } from "../../support/vectors.ts"

const salt = (fill: number) => Buffer.alloc(16, fill).toString("base64")
const value = Buffer.alloc(28).toString("base64")
const fileOf = (text: string) => Either.getOrThrow(parse(new TextEncoder().encode(text)))
const only = (text: string) => {
  const [environment] = fileOf(text).values()
  if (environment === undefined) throw new Error("no environment")
  return environment
}
const nameOf = (text: string) => {
  if (!isSecretName(text)) throw new Error("no name")
  return text
}

describe("printing a secrets file", () => {
  it.each([
    "plain.secrets.json",
    "bound.secrets.json",
    "original/go-basic.secrets.json",
    "original/go-chi.secrets.json",
    "original/go-echo.secrets.json",
    "original/go-gin.secrets.json"
  ])("reproduces %s byte for byte", (name) => {
    const bytes = read(name)
    assert.strictEqual(print(Either.getOrThrow(parse(bytes))), bytes.toString("utf8"))
  })

  it("sorts environments and names by code unit, numbers included, whatever their order was", () => {
    const file = fileOf(
      `{"b":{"secrets":{"B":"${value}","A_":"${value}","A":"${value}","A1":"${value}"},"salt":"${salt(1)}"},` +
        `"9":{"salt":"${salt(2)}","secrets":{}},"10":{"salt":"${salt(3)}","secrets":{}},"-":{"salt":"${salt(4)}","secrets":{}}}`
    )
    const text = print(file)
    assert.deepStrictEqual(text.match(/"[-0-9a-z]+"(?=: \{\n {4}"salt)/g), ['"-"', '"10"', '"9"', '"b"'])
    assert.deepStrictEqual(text.match(/"[A-Z][A-Z0-9_]*"(?=:)/g), ['"A"', '"A1"', '"A_"', '"B"'])
    assert.isTrue(text.endsWith("}\n") && !text.endsWith("\n\n"))
  })

  it("keeps unknown fields through a change, after our own", () => {
    const environment = only(
      `{"a":{"rotated":"2024-01-01","salt":"${salt(1)}","secrets":{},"x":{"y":[1,{"z":null}]},"__proto__":[]}}`
    )
    const changed = withSecret(environment, nameOf("A"), value as never)
    const text = print(new Map([["a" as never, changed]]))
    assert.strictEqual(
      text,
      `{
  "a": {
    "salt": "${salt(1)}",
    "secrets": {
      "A": "${value}"
    },
    "rotated": "2024-01-01",
    "x": {
      "y": [
        1,
        {
          "z": null
        }
      ]
    },
    "__proto__": []
  }
}
`
    )
    assert.isTrue(same(fileOf(text), new Map([["a" as never, changed]])))
  })

  it("keeps the environment and its salt when its last secret is removed", () => {
    const environment = only(`{"a":{"salt":"${salt(1)}","secrets":{"A":"${value}"}}}`)
    assert.strictEqual(
      print(new Map([["a" as never, withoutSecret(environment, nameOf("A"))]])),
      `{\n  "a": {\n    "salt": "${salt(1)}",\n    "secrets": {}\n  }\n}\n`
    )
  })

  it("prints no environments as an empty object", () => {
    assert.strictEqual(print(new Map()), "{}\n")
  })
})

describe("the same file", () => {
  const base = `{"a":{"salt":"${salt(1)}","secrets":{"A":"${value}"},"x":1}}`
  it.each([
    ["another salt", base.replace(salt(1), salt(2))],
    ["another value", base.replace(value, Buffer.alloc(28, 1).toString("base64"))],
    ["another name", base.replace('"A"', '"B"')],
    ["a name more", base.replace('"A"', `"B":"${value}","A"`)],
    ["another field", base.replace('"x":1', '"x":2')],
    ["another environment", base.replace('"a"', '"b"')],
    ["an environment more", base.replace('{"a"', `{"b":{"salt":"${salt(3)}","secrets":{}},"a"`)]
  ])("differs from one with %s", (_, other) => {
    assert.isTrue(same(fileOf(base), fileOf(base)))
    assert.isFalse(same(fileOf(base), fileOf(other)))
    assert.isFalse(same(fileOf(other), fileOf(base)))
  })
})
