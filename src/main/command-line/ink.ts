/** Paints a text, or returns it unchanged if colours are not wanted. */
export interface Ink {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
}

// SGR parameters, ECMA-48 §8.3.117: each pair turns on and off without touching the others.
const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`

const colours: Ink = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39)
}

const same = (text: string): string => text

export const plain: Ink = { bold: same, dim: same, red: same, green: same, yellow: same }

export const ink = (coloured: boolean): Ink => (coloured ? colours : plain)

/**
 * Whether a stream is printed to in colour. In this order: --no-color and NO_COLOR (no-color.org: not empty) say no,
 * FORCE_COLOR (as Node reads it: anything but "0" and "false") says yes, TERM=dumb says no, a terminal yes.
 */
export const wantsColour = (
  environment: Readonly<Record<string, string | undefined>>,
  noColor: boolean,
  isTerminal: boolean
): boolean => {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment
  if (noColor || (NO_COLOR !== undefined && NO_COLOR !== "")) return false
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false"
  return isTerminal && TERM !== "dumb"
}
