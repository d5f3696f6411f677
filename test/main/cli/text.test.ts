import { describe, expect, it } from "vitest"
import { displayWidth } from "../../../src/domain/display-width.ts"
import { printable, printableLines } from "../../../src/domain/printable.ts"
import { fittedTable, table } from "../../../src/main/cli/table.ts"
import { ink, wantsColour } from "../../../src/main/command-line/ink.ts"

describe("displayWidth", () => {
  it.each([
    ["", 0],
    ["DATABASE_URL", 12],
    ["é", 1],
    ["e\u0301", 1],
    ["日本語", 6],
    ["한국", 4],
    ["ＡＢ", 4],
    ["👍", 2],
    ["👨‍👩‍👧", 2],
    ["❤️", 2],
    ["🇩🇪", 2],
    ["\u200b", 0],
    ["→", 1]
  ])("%s", (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })
})

describe("printable", () => {
  it("makes characters visible that could control a terminal or hide text", () => {
    expect(printable("a\u001b[2Jb\r\n\u0007\u009b31m\u202ec\u2028")).toBe(
      "a\uFFFD[2Jb\uFFFD\uFFFD\uFFFD\uFFFD31m\uFFFDc\uFFFD"
    )
    expect(printable("Grüße, 日本 👍")).toBe("Grüße, 日本 👍")
    expect(printableLines("a\nb\r")).toBe("a\nb\uFFFD")
  })
})

describe("table", () => {
  it("aligns visible columns, without trailing blanks", () => {
    const { red } = ink(true)
    const rows = [
      ["SECRET", "development", "production"],
      ["日本", ["set", red] as const, "-"],
      ["A\u001b", "", ""]
    ]
    expect(table(rows)).toBe(
      ["SECRET   development   production\n", `日本     ${red("set")}           -\n`, "A\uFFFD\n"].join("")
    )
    expect(table([])).toBe("")
    expect(table([[]])).toBe("\n")
  })
})

describe("fittedTable", () => {
  const rows = [
    ["SECRET", "development", "production"],
    ["DATABASE_URL", "set", "set"],
    ["日本", "", "-"]
  ]

  it("is the table if that fits, up to the last column", () => {
    expect(fittedTable(rows, 39)).toBe(table(rows))
  })

  it("is a block per row if it does not", () => {
    expect(fittedTable(rows, 38)).toBe(
      [
        "DATABASE_URL\n  development   set\n  production    set\n",
        "日本\n  development\n  production    -\n"
      ].join("\n")
    )
    expect(fittedTable([["SECRET"]], 3)).toBe("")
    expect(fittedTable([], 3)).toBe("")
  })
})

describe("wantsColour", () => {
  it.each([
    [{}, false, true, true],
    [{}, false, false, false],
    [{ TERM: "dumb" }, false, true, false],
    [{ NO_COLOR: "1" }, false, true, false],
    [{ NO_COLOR: "" }, false, true, true],
    [{}, true, true, false],
    [{ FORCE_COLOR: "1" }, false, false, true],
    [{ FORCE_COLOR: "" }, false, false, true],
    [{ FORCE_COLOR: "0" }, false, true, false],
    [{ FORCE_COLOR: "false" }, false, true, false],
    [{ FORCE_COLOR: "1", TERM: "dumb" }, false, false, true],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true, false],
    [{ FORCE_COLOR: "1" }, true, true, false]
  ])("%j, --no-color %s, terminal %s: %s", (environment, noColor, terminal, wanted) => {
    expect(wantsColour(environment, noColor, terminal)).toBe(wanted)
  })
})
