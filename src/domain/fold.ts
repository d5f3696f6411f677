import { displayWidth } from "./display-width.ts"

/** Breaks a text between words into lines of at most `columns`; a longer word has a line of its own. */
export const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line === "") line = word
    else if (visibleWidth(line) + 1 + visibleWidth(word) <= columns) line += ` ${word}`
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}

/**
 * Folds sentences to a terminal's width, between words. A command at the end of a line is kept whole, on
 * a line of its own, so that it can be copied; indented lines are left alone.
 */
export const fold = (text: string, columns: number): string =>
  text
    .split("\n")
    .flatMap((line) => {
      if (line.startsWith(" ") || visibleWidth(line) <= columns) return [line]
      const [, prose, command] = /^(.*:) (tako .*)$/.exec(line) ?? []
      return prose === undefined ? wrap(line, columns) : [...wrap(prose, columns), `  ${command}`]
    })
    .join("\n")

/** Colours take no columns. */
const visibleWidth = (text: string): number => displayWidth(text.replace(colour, ""))

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence (ECMA-48 §8.3.117) is a control character
const colour = /\u001b\[[\d;]*m/g
