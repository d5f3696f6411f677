import { printable } from "./printable.ts"

/**
 * A line that an app has written, for a terminal: its colours and styles stay (SGR, ECMA-48 §8.3.117) and end with it, other
 * escape sequences are left out, and what else could drive a terminal is made visible. Tabs stay.
 */
export const colouredLine = (line: string): string => {
  let shown = ""
  let at = 0
  let isPainted = false
  for (const { 0: sequence, index } of line.matchAll(sequences)) {
    shown += withTabs(line.slice(at, index))
    at = index + sequence.length
    if (!isHarmless(sequence)) continue
    shown += sequence
    isPainted = true
  }
  return `${shown}${withTabs(withoutReturn(line.slice(at)))}${isPainted ? reset : ""}`
}

/** The same without colours and styles. */
export const plainLine = (line: string): string => withTabs(withoutReturn(line.replace(sequences, "")))

/** The same for lines within sentences of ours, in which a tab is four spaces. */
export const plainLines = (text: string): string =>
  text
    .split("\n")
    .map((line) => plainLine(line).replaceAll("\t", "    "))
    .join("\n")

// Control sequences, strings for the terminal (OSC, DCS, SOS, PM, APC) that are whole, and other escape sequences: ECMA-48
// §5.4, §5.6, §5.3. None begins within another, so that no text takes longer than its length.
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]*[0-~])/g

const reset = "\u001b[0m"

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is a control character
const style = /^\u001b\[([0-9;:]{0,60})m$/

/** Colours and styles, but not those that hide a text. */
const isHarmless = (sequence: string): boolean => {
  const parameters = style.exec(sequence)?.[1]?.split(";")
  if (parameters === undefined) return false
  for (let at = 0; at < parameters.length; at++) {
    const parameter = parameters[at] ?? ""
    if (Number(parameter.split(":")[0]) === conceal) return false
    // A colour by its number, or by its red, green and blue.
    if (/^[345]8$/.test(parameter)) at += parameters[at + 1] === "5" ? 2 : parameters[at + 1] === "2" ? 4 : 0
  }
  return true
}

const conceal = 8

const withTabs = (text: string): string => text.split("\t").map(printable).join("\t")

/** Lines of some end in one. */
const withoutReturn = (line: string): string => (line.endsWith("\r") ? line.slice(0, -1) : line)
