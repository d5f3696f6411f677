import { describe, expect, it } from "vitest"
import { colouredLine, plainLine } from "../../src/domain/app-output.ts"
import { printable, printableJson, printableLines } from "../../src/domain/printable.ts"

const characters = function* () {
  for (let point = 0; point <= 0x10_ffff; point++) yield String.fromCodePoint(point)
}

/** Ranges of characters that control a terminal or that nobody sees, written down without Unicode's tables. */
const unseen: ReadonlyArray<readonly [number, number]> = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0x1_d173, 0x1_d17a],
  [0xe_0000, 0xe_0fff]
]

describe("printable", () => {
  it("replaces every character that controls a terminal or is invisible", () => {
    for (const [first, last] of unseen) {
      for (let point = first; point <= last; point++) {
        const character = String.fromCodePoint(point)
        const name = `U+${point.toString(16)}`
        expect(printable(`a${character}b`), name).toBe("a\uFFFDb")
        if (character !== "\n") expect(printableLines(`a${character}b\n`), name).toBe("a\uFFFDb\n")
        const isKept = character === "\t"
        for (const show of [plainLine, colouredLine]) {
          // An escape character begins a sequence, which goes as a whole.
          if (point !== 0x1b) expect(show(`a${character}b`), name).toBe(isKept ? "a\tb" : "a\uFFFDb")
        }
        expect(/[^ -~]/.test(printableJson(JSON.stringify({ a: character }))), name).toBe(false)
      }
    }
  })

  it("leaves every other character that Unicode assigns as it is", () => {
    const isUnseen = (point: number) => unseen.some(([first, last]) => first <= point && point <= last)
    for (const character of characters()) {
      if (/[\p{L}\p{N}\p{P}\p{S}\p{Zs}]/u.test(character) && !isUnseen(character.codePointAt(0) as number)) {
        expect(printable(character)).toBe(character)
      }
    }
    for (const text of ["Grüße, 日本 👍", "e\u0301", "❤️ ⚠️ 1️⃣ 🇩🇪", "हिन्दी", "नमस्ते", "\u00a0"]) {
      expect(printable(text)).toBe(text)
    }
  })

  it("lets a variation selector stand only where it makes an emoji", () => {
    expect(printable("❤\uFE0F\uFE0F")).toBe("❤\uFE0F\uFFFD")
    expect(printable("ann\uFE0F, 1\uFE0F")).toBe("ann\uFFFD, 1\uFFFD")
  })

  it("lets a joiner stand only between two emoji", () => {
    for (const emoji of ["👨\u200D👩\u200D👧", "👩🏽\u200D🚀", "❤\uFE0F\u200D🔥"])
      expect(printable(emoji)).toBe(emoji)
    expect(printable("a\u200Db 👨\u200D 👨\u200D\u200D👩 \u200D👩")).toBe(
      "a\uFFFDb 👨\uFFFD 👨\uFFFD\uFFFD👩 \uFFFD👩"
    )
  })

  it("keeps JSON equal, and its lines", () => {
    const value = { "a\u202e": [...characters()].filter((character) => character.length > 0).join("") }
    const json = printableJson(JSON.stringify(value, null, 2))
    expect(JSON.parse(json)).toEqual(value)
    expect(json.split("\n")).toHaveLength(3)
    expect(json).not.toMatch(/[\p{Cf}\p{Cs}\u007f-\u009f]/u)
  })
})
