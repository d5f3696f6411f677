import { assert, describe, it } from "@effect/vitest"
import * as Line from "../../../src/services/terminal/line.ts"
import * as FastCheck from "../../support/fast-check.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const type = (text: string): Line.Line => Line.feed(Line.empty, bytes(text))
const textOf = (line: Line.Line): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(line.bytes)

const paste = (text: string): string => `\x1b[200~${text}\x1b[201~`

describe("a line that is typed", () => {
  it.each([
    ["abc", "abc"],
    ["abc\x7fd", "abd"],
    ["abc\x08d", "abd"],
    ["\x7f\x7fa", "a"],
    ["aé\x7fb", "ab"],
    ["漢字\x7f", "漢"],
    ["🐙🦑\x7f", "🐙"],
    ["one two\x15three", "three"],
    ["one two\x17", "one "],
    ["one two  \x17", "one "],
    ["one\x17\x17", ""],
    ["a\x1b\x7fb", "b"],
    ["one \x1b\x7ftwo", "two"],
    ["a\0b\x01\x0c\x0eb", "abb"],
    ["a\tb", "a\tb"],
    ["a\x04b", "ab"],
    ["\x1b[A\x1b[B\x1b[C\x1b[Da\x1bOPb\x1b[[Ac\x1b[15~d\x1b[1;5Ce", "abcde"],
    ["a\x1bxb", "ab"],
    ["a\x1béb", "aéb"],
    ["a\x1b]11;rgb:0000/0000/0000\x1b\\b\x1b]0;t\x07c\x1bP1$r0m\x1b\\d", "abcd"],
    ["a\x1b[<0;10;20Mb\x1b[Ic", "abc"]
  ])("%j gives %j", (typed, text) => {
    assert.strictEqual(textOf(type(typed)), text)
    assert.strictEqual(type(typed).end, "open")
    assert.strictEqual(type(typed).stars, [...text].length)
  })

  it.each([
    "a\x03",
    "\x03",
    "\x04",
    "a\x7f\x04",
    "a\x1c",
    "\x1b[200~lost end\x03",
    "\x1b\x03",
    "\x1b[1\x03",
    "\x1b]x\x03"
  ])("%j interrupts, whatever follows", (typed) => {
    assert.strictEqual(type(typed).end, "interrupted")
    assert.strictEqual(type(`${typed}more\r`).end, "interrupted")
  })

  it.each(["a\r", "a\n", "a\r\n", "a\x1b\r", "a\x1b[\r", "a\x1b]\r"])("%j enters", (typed) => {
    assert.strictEqual(type(typed).end, "entered")
    assert.strictEqual(textOf(type(typed)), "a")
    assert.isFalse(type(typed).more)
  })

  it("notes text after Enter, but not mere line breaks", () => {
    assert.isTrue(type("a\rb").more)
    assert.isTrue(type("a\r\nb\r\n").more)
    assert.isTrue(type(`a\r${paste("b")}`).more)
    assert.isFalse(type("a\r\n\r\n\r").more)
    assert.isFalse(type("a\r\x1b[A").more)
    assert.strictEqual(type("a\rb\x03").end, "interrupted")
  })

  it("counts Ctrl-Z", () => {
    assert.strictEqual(type("a\x1ab\x1a").suspensions, 2)
    assert.strictEqual(textOf(type("a\x1ab")), "ab")
  })

  it("forgets a lone Escape after a while", () => {
    const line = Line.endEscape(type("a\x1b"))
    assert.strictEqual(textOf(Line.feed(line, bytes("[b"))), "a[b")
    assert.strictEqual(textOf(type("a\x1b[b")), "a")
  })
})

describe("a paste in brackets", () => {
  it.each([
    [paste("one\ntwo"), "one\ntwo"],
    [paste("one\rtwo\rthree\r"), "one\ntwo\nthree\n"],
    [paste("one\r\ntwo\r\n\r\n"), "one\ntwo\n\n"],
    [`a${paste("b")}c`, "abc"],
    [paste("\t\x7f\x15\x1b[A\x04"), "\t\x7f\x15\x1b[A\x04"],
    [paste("\x1b[201\x1b[20x\x1b\x1b"), "\x1b[201\x1b[20x\x1b\x1b"],
    [paste("a\0b"), "ab"],
    [`${paste("one")}${paste("two")}`, "onetwo"],
    [`${paste("abc")}\x7f`, "ab"],
    [`${paste("a\r\n")}\n`, "a\n"]
  ])("%j gives %j", (typed, text) => {
    assert.strictEqual(textOf(type(typed)), text)
  })

  it("shows a few dozen stars at most, and one more per character typed afterwards", () => {
    const long = paste("x".repeat(5000))
    assert.strictEqual(type(long).stars, Line.maxPasteStars)
    assert.strictEqual(type(`${long}yz`).stars, Line.maxPasteStars + 2)
    assert.strictEqual(type(`${long}\x15`).stars, 0)
    assert.strictEqual(type(`${paste("xyz")}\x7f`).stars, 2)
  })

  it("may end with one line break", () => {
    assert.strictEqual(new TextDecoder().decode(Line.withoutFinalBreak(type(paste("a\r\n")))), "a")
    assert.strictEqual(new TextDecoder().decode(Line.withoutFinalBreak(type(paste("a\n\n")))), "a\n")
  })

  it("is cut off at the limit, and Ctrl-U starts over", () => {
    const line = Line.feed(type("\x1b[200~"), new Uint8Array(Line.limit + 1).fill(0x61))
    assert.isTrue(line.tooLarge)
    assert.strictEqual(line.bytes.length, Line.limit)
    const again = Line.feed(line, bytes("\x1b[201~\x15ok"))
    assert.isFalse(again.tooLarge)
    assert.strictEqual(textOf(again), "ok")
  })
})

/** Anything that a terminal may send, and much that it should not. */
const input = FastCheck.array(
  FastCheck.oneof(
    FastCheck.string({ unit: "grapheme" }).map(bytes),
    FastCheck.uint8Array({ maxLength: 8 }),
    FastCheck.constantFrom(
      "\x1b",
      "[",
      "O",
      "200~",
      "\x1b[200~",
      "\x1b[201~",
      "\x1b[201",
      "\x1b[A",
      "\x1b[1;5",
      "\x1b]0;",
      "\x1b\\",
      "\x07",
      "\r",
      "\n",
      "\r\n",
      "\x7f",
      "\x15",
      "\x17",
      "\x04",
      "\x1a",
      "é",
      "🐙"
    ).map(bytes),
    FastCheck.constant(Uint8Array.of(3))
  ),
  { maxLength: 30 }
).map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])))

const comparable = (line: Line.Line) => ({ ...line, bytes: [...line.bytes] })

describe("the same bytes", () => {
  it("give the same line, however they are split", () => {
    FastCheck.assert(
      FastCheck.property(input, FastCheck.array(FastCheck.nat(200), { maxLength: 10 }), (all, cuts) => {
        const places = [0, ...cuts.map((cut) => cut % (all.length + 1)), all.length].sort((a, b) => a - b)
        const split = places
          .slice(1)
          .reduce((line, to, at) => Line.feed(line, all.subarray(places[at], to)), Line.empty)
        const single = [...all].reduce((line, byte) => Line.feed(line, Uint8Array.of(byte)), Line.empty)
        const whole = comparable(Line.feed(Line.empty, all))
        assert.deepStrictEqual(comparable(split), whole)
        assert.deepStrictEqual(comparable(single), whole)
      }),
      { numRuns: 3000 }
    )
  })

  it("never change a line that was returned before", () => {
    FastCheck.assert(
      FastCheck.property(input, input, (first, second) => {
        const line = Line.feed(Line.empty, first)
        const before = comparable(line)
        Line.feed(line, second)
        assert.deepStrictEqual(comparable(line), before)
      })
    )
  })

  it("come out of a paste unchanged, whatever the text", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary" }), (text) => {
        FastCheck.pre(!["\0", "\x03", "\r", "\x1b[201~"].some((each) => text.includes(each)))
        assert.strictEqual(textOf(type(paste(text))), text)
      }),
      { numRuns: 1000 }
    )
  })
})
