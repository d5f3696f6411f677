import * as Either from "effect/Either"
import { displayWidth } from "../../../../domain/display-width.ts"
import { counted } from "../../output.ts"
import { shortly } from "../../servers/failures.ts"
import type { Ink } from "../../style.ts"
import { type Board, type Line, millisOf } from "./board.ts"
import { sayDelivered, sayPlace, saySeconds, sayStage } from "./words.ts"

export interface Size {
  readonly columns: number
  readonly rows: number
}

/**
 * The board as lines for a terminal of this size, none of them wider than it and all of them on one screen: a line each,
 * or, where they are too many, how many are done and those that are under way. Each begins with a space.
 */
export const draw = (board: Board, { columns, rows }: Size, now: number, ink: Ink): ReadonlyArray<string> => {
  const lines = board.lines()
  const room = Math.max(1, Math.min(rows - 2, 20))
  const several = new Set(lines.map(({ delivery }) => delivery.parcel.environment)).size > 1
  if (lines.length <= room) return aligned(lines, several, columns, now, ink)
  const active = lines.filter(({ since, result }) => since !== undefined && !result)
  return [
    cut(` ${summary(lines)}`, columns),
    ...aligned(active.slice(0, room - 1), several, columns, now, ink)
  ]
}

/** "12 of 200 done, 2 failed"; "200 servers" as long as there is nothing to tell of them. */
export const summary = (lines: ReadonlyArray<Line>): string => {
  const ended = lines.flatMap(({ result }) => (result === undefined ? [] : [result]))
  const failed = ended.filter(({ outcome }) => Either.isLeft(outcome)).length
  if (ended.length === 0)
    return counted(new Set(lines.map(({ delivery }) => delivery.target.name)).size, "server")
  const done = `${ended.length - failed} of ${lines.length} done`
  return failed === 0 ? done : `${done}, ${failed} failed`
}

const aligned = (
  lines: ReadonlyArray<Line>,
  several: boolean,
  columns: number,
  now: number,
  ink: Ink
): ReadonlyArray<string> => {
  const places = lines.map(({ delivery }) => sayPlace(delivery, several))
  const widths = [0, 1].map((n) => Math.max(0, ...places.map((place) => displayWidth(place[n] ?? ""))))
  return lines.map((line, n) => {
    const place = (places[n] ?? []).map((text, column) => text.padEnd(widths[column] ?? 0)).join("   ")
    const [word, paint] = wordOf(line, ink)
    const before = ` ${place}   `
    const isIdle = line.since === undefined && line.result === undefined
    const after = isIdle ? "" : saySeconds(millisOf(line, now))
    const text = cut(`${before}${word.padEnd(longestWord)} ${after}`.trimEnd(), columns)
    const isWhole = text.startsWith(before + word)
    return isWhole ? `${before}${paint(word)}${text.slice(before.length + word.length)}` : text
  })
}

const longestWord = 19

const wordOf = ({ stage, result }: Line, ink: Ink): readonly [string, (text: string) => string] => {
  if (result === undefined) return [sayStage(stage), stage._tag === "Waiting" ? ink.dim : (text) => text]
  return Either.match(result.outcome, {
    onLeft: (error) => [shortly(error), ink.red] as const,
    onRight: ({ state }) => [sayDelivered[state], ink.green] as const
  })
}

/** One column is left free: some terminals wrap a line that fills it. */
const cut = (text: string, columns: number): string => {
  if (displayWidth(text) < columns) return text
  let shorter = text
  while (shorter.length > 0 && displayWidth(shorter) >= columns - 1) shorter = shorter.slice(0, -1)
  return `${shorter}…`
}
