import { printable } from "../../domain/printable.ts"
import { displayWidth } from "./display-width.ts"

/** A text, or a text and how to paint it. */
export type Cell = string | readonly [text: string, paint: (text: string) => string]

/**
 * Rows with their columns aligned, three spaces between, a newline after each; none when there are no rows. What could
 * drive a terminal is made visible. The paint does not count as width.
 */
export const table = (rows: ReadonlyArray<ReadonlyArray<Cell>>): string => {
  const cells = rows.map((row) =>
    row.map((cell) => {
      const text = printable(typeof cell === "string" ? cell : cell[0])
      return { text, width: displayWidth(text), painted: typeof cell === "string" ? text : cell[1](text) }
    })
  )
  const widths: Array<number> = []
  for (const row of cells) {
    row.forEach(({ width }, column) => {
      widths[column] = Math.max(widths[column] ?? 0, width)
    })
  }
  return cells
    .map((row) => {
      const last = row.findLastIndex(({ text }) => text !== "")
      const line = row
        .slice(0, last + 1)
        .map(({ painted, width }, column) =>
          column === last ? painted : painted + " ".repeat((widths[column] ?? 0) - width)
        )
      return `${line.join("   ")}\n`
    })
    .join("")
}
