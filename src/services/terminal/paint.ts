import { displayWidth, graphemes } from "../../domain/display-width.ts"
import { wrap } from "../../domain/fold.ts"
import { printable } from "../../domain/printable.ts"
import type { Line } from "./line.ts"

/** What to show after the prompt, in at most this many columns: it never wraps, so it can be erased. */
export const picture = (line: Line, hidden: boolean, columns: number): string =>
  hidden
    ? "*".repeat(Math.max(0, Math.min(line.stars, columns)))
    : fittingEnd(printable(new TextDecoder().decode(line.bytes, { stream: true })), columns)

/** Turns one text into another using only characters and backspaces, which the dumbest terminal supports. */
export const repaint = (before: string, after: string): string => {
  const [old, fresh] = [graphemes(before), graphemes(after)]
  let same = 0
  while (same < old.length && old[same] === fresh[same]) same += 1
  const [erased, added] = [old.slice(same).join(""), fresh.slice(same).join("")]
  const blanks = Math.max(0, displayWidth(erased) - displayWidth(added))
  return "\b".repeat(displayWidth(erased)) + added + " ".repeat(blanks) + "\b".repeat(blanks)
}

/** Splits a question into lines, leaving room for the answer on the last one. */
interface Prompt {
  readonly above: ReadonlyArray<string>
  readonly before: string
}

/** Adds ":" to a question that does not end with "?" or ":"; a hint ("[y/N]") follows it. */
export const layOut = (question: string, hint: string, columns: number): Prompt => {
  const asked = printable(question).trimEnd()
  const whole = /[?:]$/.test(asked) ? asked : `${asked}:`
  const before = hint === "" ? `${whole} ` : `${whole} ${hint} `
  if (displayWidth(before) + roomForAnswer(hint) <= columns) return { above: [], before }
  return { above: wrap(whole, columns - 1), before: hint === "" ? "> " : `${hint} ` }
}

const roomForAnswer = (hint: string): number => (hint === "" ? 12 : 4)

/** The longest suffix of a text that fits into this many columns. */
export const fittingEnd = (text: string, columns: number): string => {
  const characters = graphemes(text)
  let room = columns
  let at = characters.length
  while (at > 0) {
    room -= displayWidth(characters[at - 1] as string)
    if (room < 0) break
    at -= 1
  }
  return characters.slice(at).join("")
}
