import { displayWidth } from "../../domain/display-width.ts"
import { printable } from "../../domain/printable.ts"
import type { Ink } from "../command-line/ink.ts"

/** A text, or a text and how to paint it. */
export type Cell = string | readonly [text: string, paint: (text: string) => string]

type Row = ReadonlyArray<Cell>

/** The first row of a table, in bold. */
export const headings =
  (...names: ReadonlyArray<string>) =>
  ({ bold }: Ink): Row =>
    names.map((name): Cell => [name, bold])

/** A painted text, and the columns it takes on a screen. */
interface Shown {
  readonly painted: string
  readonly width: number
}

/** Rows with aligned columns, three spaces apart, a newline after each. Control characters are made visible. */
export const table = (rows: ReadonlyArray<Row>): string =>
  aligned(
    rows.map((row) => row.map(shown)),
    ""
  )

/**
 * The same if it fits into `columns`. Otherwise a block for each row after the first, which holds the headings: the first
 * cell, and below it the other cells, each after its heading.
 */
export const fittedTable = (rows: ReadonlyArray<Row>, columns: number): string => {
  const [headings = [], ...others] = rows.map((row) => row.map(shown))
  if (widthOf([headings, ...others]) <= columns) return table(rows)
  return others
    .map(([first = nothing, ...cells]) => {
      const pairs = cells.map((cell, index) => [headings[index + 1] ?? nothing, cell])
      return `${first.painted}\n${aligned(pairs, "  ")}`
    })
    .join("\n")
}

const nothing: Shown = { painted: "", width: 0 }
const between = 3

const shown = (cell: Cell): Shown => {
  const text = printable(typeof cell === "string" ? cell : cell[0])
  return { width: displayWidth(text), painted: typeof cell === "string" ? text : cell[1](text) }
}

const columnWidths = (rows: ReadonlyArray<ReadonlyArray<Shown>>): ReadonlyArray<number> => {
  const widths: Array<number> = []
  for (const row of rows) {
    row.forEach(({ width }, column) => {
      widths[column] = Math.max(widths[column] ?? 0, width)
    })
  }
  return widths
}

const widthOf = (rows: ReadonlyArray<ReadonlyArray<Shown>>): number => {
  const widths = columnWidths(rows)
  return widths.reduce((sum, width) => sum + width, between * Math.max(0, widths.length - 1))
}

const aligned = (rows: ReadonlyArray<ReadonlyArray<Shown>>, indent: string): string => {
  const widths = columnWidths(rows)
  return rows
    .map((row) => {
      const last = row.findLastIndex(({ width }) => width > 0)
      const line = row
        .slice(0, last + 1)
        .map(({ painted, width }, column) =>
          column === last ? painted : painted + " ".repeat((widths[column] ?? 0) - width)
        )
      return `${indent}${line.join(" ".repeat(between))}\n`
    })
    .join("")
}
