import { assert, describe, it } from "@effect/vitest"
import { displayWidth } from "../../../src/domain/display-width.ts"
import { printable } from "../../../src/domain/printable.ts"
import * as Line from "../../../src/services/terminal/line.ts"
import { layOut, picture, repaint } from "../../../src/services/terminal/paint.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { show } from "./screen.ts"

const typed = (text: string): Line.Line => Line.feed(Line.empty, new TextEncoder().encode(text))

describe("repaint", () => {
  it("makes the screen show the new text, whatever it showed before", () => {
    const text = FastCheck.array(FastCheck.constantFrom("a", "b", " ", "é", "漢", "字", "🐙", "*"), {
      maxLength: 12
    }).map((characters) => characters.join(""))
    FastCheck.assert(
      FastCheck.property(text, text, text, (one, two, three) => {
        const screen = show(`> ${one}${repaint(one, two)}${repaint(two, three)}`, 80)
        assert.strictEqual(screen.lines[0]?.trimEnd(), `> ${three}`.trimEnd())
        assert.strictEqual(screen.column, 2 + displayWidth(three))
      }),
      { numRuns: 1000 }
    )
  })

  it("writes only what was typed", () => {
    assert.strictEqual(repaint("**", "***"), "*")
    assert.strictEqual(repaint("***", "**"), "\b \b")
    assert.strictEqual(repaint("a漢", "a"), "\b\b  \b\b")
    assert.strictEqual(repaint("same", "same"), "")
    assert.strictEqual(repaint("e", "e\u0301"), "\be\u0301")
  })
})

describe("picture", () => {
  it("of a hidden line is stars within the columns, whatever is typed", () => {
    assert.strictEqual(picture(typed("hunter2"), true, 40), "*******")
    assert.strictEqual(picture(typed("hunter2"), true, 3), "***")
    assert.strictEqual(picture(typed("hunter2"), true, -1), "")
  })

  it("of a visible line is its end, by whole characters", () => {
    assert.strictEqual(picture(typed("abcdef"), false, 3), "def")
    assert.strictEqual(picture(typed("ab漢字"), false, 3), "字")
  })

  it("waits for the rest of a character", () => {
    assert.strictEqual(picture(Line.feed(Line.empty, Uint8Array.of(0x61, 0xc3)), false, 10), "a")
  })
})

describe("layOut", () => {
  it.each([
    ["Enter value", "", 80, { above: [], before: "Enter value: " }],
    ["Enter value: ", "", 40, { above: [], before: "Enter value: " }],
    ["Which one?", "", 40, { above: [], before: "Which one? " }],
    ["Remove API_KEY?", "[y/N]", 40, { above: [], before: "Remove API_KEY? [y/N] " }],
    [
      "Passphrase for environment production",
      "",
      40,
      { above: ["Passphrase for environment production:"], before: "> " }
    ],
    [
      "Environment staging fits a key kept for /home/me/other. Is that this project too?",
      "[y/N]",
      40,
      {
        above: ["Environment staging fits a key kept for", "/home/me/other. Is that this project", "too?"],
        before: "[y/N] "
      }
    ]
  ])("%j %s in %d columns", (question, hint, columns, expected) => {
    assert.deepStrictEqual(layOut(question, hint, columns), expected)
  })
})

describe("printable", () => {
  it("leaves nothing that moves the cursor, looks like another line, or reverses the text", () => {
    const hostile = "a\x1b[2J\x07\r\n\tb\u009b31m\u2028\u202egnp\u2066x\u2069\x7f"
    assert.strictEqual(printable(hostile), "a�[2J����b�31m��gnp�x��")
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary" }), (text) => {
        assert.notMatch(printable(text), /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u)
      })
    )
  })

  it("leaves all other text unchanged", () => {
    for (const text of ["plain text", "жук", "漢字", "🐙", "family 👨‍👩‍👧"])
      assert.strictEqual(printable(text), text)
  })
})
