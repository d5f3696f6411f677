import { assert, describe, it } from "vitest"
import { portReport } from "../../src/domain/port-report.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const listening = (port: number) => ({ _tag: "Listening", port })
const garbage = { _tag: "Garbage" }

describe("a port report", () => {
  it.each(["3", "300", "3000"])("%j is incomplete", (text) => {
    assert.isUndefined(portReport(bytes(text), false))
    assert.deepStrictEqual<unknown>(portReport(bytes(text), true), listening(Number(text)))
  })

  it.each([
    ["3000\n", listening(3000)],
    ["3000\r\n", listening(3000)],
    ["1\n", listening(1)],
    ["65535\n", listening(65535)],
    ["3000\nand more", listening(3000)],
    ["0\n", garbage],
    ["65536\n", garbage],
    ["03000\n", garbage],
    ["3000 \n", garbage],
    ["+3000\n", garbage],
    ["3e3\n", garbage],
    ["\n", garbage],
    ["\n3000\n", garbage],
    ["３０００\n", garbage]
  ])("%j is complete", (text, report) => {
    assert.deepStrictEqual<unknown>(portReport(bytes(text), false), report)
  })

  it("without a newline in 16 bytes is invalid", () => {
    assert.isUndefined(portReport(bytes("1".repeat(15)), false))
    assert.deepStrictEqual<unknown>(portReport(bytes("1".repeat(16)), false), garbage)
  })

  it("that never arrives is reported as silence", () => {
    assert.isUndefined(portReport(bytes(""), false))
    assert.deepStrictEqual<unknown>(portReport(bytes(""), true), { _tag: "Silent" })
  })
})
