import { printable } from "./printable.ts"

/**
 * Makes a line that an app has written safe for a terminal. Colours and styles (SGR, ECMA-48 §8.3.117) are kept and reset at its
 * end, other escape sequences are removed, and remaining control characters are made visible, except for tabs.
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

/** The same, without colours and styles. */
export const plainLine = (line: string): string => withTabs(withoutReturn(line.replace(sequences, "")))

/** The same for text that is quoted in a message, where a tab becomes four spaces. */
export const plainLines = (text: string): string =>
  text
    .split("\n")
    .map((line) => plainLine(line).replaceAll("\t", "    "))
    .join("\n")

// Control sequences, terminated control strings (OSC, DCS, SOS, PM, APC) and other escape sequences: ECMA-48 §5.4, §5.6, §5.3.
// None can begin within another, so that matching takes linear time.
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]*[0-~])/g

const reset = "\u001b[0m"

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is a control character
const style = /^\u001b\[([0-9;:]{0,60})m$/

/** Whether a sequence is a colour or a style that does not hide text. */
const isHarmless = (sequence: string): boolean => {
  const parameters = style.exec(sequence)?.[1]?.split(";")
  if (parameters === undefined) return false
  for (let at = 0; at < parameters.length; at++) {
    const parameter = parameters[at] ?? ""
    if (Number(parameter.split(":")[0]) === conceal) return false
    // Skips a colour's number, or its red, green and blue.
    if (/^[345]8$/.test(parameter)) at += parameters[at + 1] === "5" ? 2 : parameters[at + 1] === "2" ? 4 : 0
  }
  return true
}

const conceal = 8

const withTabs = (text: string): string => text.split("\t").map(printable).join("\t")

/** Some programs end their lines with a carriage return, too. */
const withoutReturn = (line: string): string => (line.endsWith("\r") ? line.slice(0, -1) : line)
