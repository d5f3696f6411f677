import { describe, expect, it } from "vitest"
import { age } from "../../src/domain/age.ts"
import { colouredLine, plainLine, plainLines } from "../../src/domain/app-output.ts"

const esc = "\u001b"

describe("a line of an app's output", () => {
  it.each([
    ["text alone", "Grüße, 日本 👍", "Grüße, 日本 👍"],
    ["a tab", "\tat main.go:3", "\tat main.go:3"],
    ["the end of a line of DOS", "ready\r", "ready"],
    ["a colour, which ends with the line", `${esc}[31mred`, `${esc}[31mred${esc}[0m`],
    ["a colour by number, which is no concealment", `${esc}[38;5;8mgrey`, `${esc}[38;5;8mgrey${esc}[0m`],
    ["a colour by its parts", `${esc}[48;2;8;8;8mx`, `${esc}[48;2;8;8;8mx${esc}[0m`],
    ["text that is to be hidden", `${esc}[1;8msecret`, "secret"],
    ["text that is to be hidden, with another separator", `${esc}[8:1msecret`, "secret"],
    ["the screen cleared, the cursor moved", `${esc}[2J${esc}[3;1Hgone${esc}[1A`, "gone"],
    ["the window's title", `a${esc}]0;owned\u0007b`, "ab"],
    ["the clipboard", `a${esc}]52;c;AAAA${esc}\\b`, "ab"],
    ["a link", `${esc}]8;;http://x${esc}\\text${esc}]8;;${esc}\\`, "text"],
    ["a string that does not end", `a${esc}]0;still here`, "a0;still here"],
    ["a question whose answer would be typed", `${esc}[6n${esc}[c${esc}P$q"p${esc}\\x`, "x"],
    ["the other alphabet, the reset", `${esc}(0x${esc}c`, "x"],
    ["a control sequence in eight bits", "\u009b31mx", "\uFFFD31mx"],
    ["bells, backspaces, returns", "a\u0007\b\rb", "a\uFFFD\uFFFD\uFFFDb"],
    ["an escape at the end", `a${esc}`, "a\uFFFD"],
    ["a text turned around", "a\u202eb", "a\uFFFDb"]
  ])("%s", (_, line, shown) => {
    expect(colouredLine(line)).toBe(shown)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it matches the colours that colouredLine keeps
    expect(plainLine(line)).toBe(shown.replace(/\u001b\[[\d;]*m/g, ""))
  })

  it("has no tabs in a message, and keeps its lines", () => {
    expect(plainLines(`a\tb\n${esc}[1mc\r`)).toBe("a    b\nc")
  })

  it("takes linear time for sequences that never end", () => {
    const started = performance.now()
    for (const piece of [`${esc}]`, `${esc}[`, `${esc}P`, `${esc}[0;`, "\u009b"]) {
      colouredLine(piece.repeat(100_000 / piece.length))
    }
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe("age", () => {
  it.each([
    [-5000, "0s"],
    [999, "0s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [3_599_000, "59m"],
    [3_600_000, "1h"],
    [86_399_000, "23h"],
    [864_000_000, "10d"]
  ])("%d ms is %s", (millis, shown) => {
    expect(age(millis)).toBe(shown)
  })
})
