import { displayWidth } from "../../../src/domain/display-width.ts"

/** What a plain terminal this wide shows: CR, LF, BS, wrapping and wide characters, and nothing else. */
export const show = (output: string, columns: number) => {
  const rows: Array<Array<string>> = [[]]
  let row = 0
  let column = 0
  const cells = (): Array<string> => {
    while (rows.length <= row) rows.push([])
    return rows[row] as Array<string>
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bracketed paste on and off are invisible
  for (const character of output.replace(/\x1b\[\?2004[hl]/g, "")) {
    if (character === "\r") column = 0
    else if (character === "\n") {
      row += 1
      column = 0
    } else if (character === "\b") column = Math.max(0, column - 1)
    else {
      const size = displayWidth(character)
      if (column + size > columns) {
        row += 1
        column = 0
      }
      const line = cells()
      while (line.length < column) line.push(" ")
      line[column] = character
      if (size === 2) line[column + 1] = ""
      column += size
    }
    cells()
  }
  return { lines: rows.map((line) => line.join("")), column }
}
