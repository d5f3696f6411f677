import type { FlagSpec } from "./specification.ts"

/** What is wrong with a flag. Nothing that was typed is in it but a flag's name, and that only when it looks like one. */
export type FlagProblem =
  | { readonly _tag: "Unknown"; readonly shown: string | undefined; readonly withValue: boolean }
  | { readonly _tag: "NeedsValue"; readonly flag: FlagSpec; readonly dash: boolean }
  | { readonly _tag: "TakesNoValue"; readonly flag: FlagSpec }
  | { readonly _tag: "Twice"; readonly flag: FlagSpec }

export interface FlagReading {
  readonly flags: ReadonlyArray<readonly [FlagSpec, string | true]>
  /** How many tokens it took: the flag, and the value behind it. */
  readonly tokens: 1 | 2
  readonly problem?: FlagProblem
}

/** Whether a token is a flag, or several short ones. "-" alone is an argument. */
export const isFlag = (token: string): boolean => token.length > 1 && token.startsWith("-")

/** Reads `--name`, `--name=value`, `--name value`, `-x`, `-xyz`, `-xvalue`, `-x=value` or `-x value`. */
export const readFlag = (
  known: ReadonlyArray<FlagSpec>,
  token: string,
  next: string | undefined
): FlagReading => (token.startsWith("--") ? readLong(known, token, next) : readShort(known, token, next))

const readLong = (known: ReadonlyArray<FlagSpec>, token: string, next: string | undefined): FlagReading => {
  const equals = token.indexOf("=")
  const name = equals === -1 ? token.slice(2) : token.slice(2, equals)
  const attached = equals === -1 ? undefined : token.slice(equals + 1)
  const flag = known.find((flag) => flag.name === name)
  if (flag === undefined) {
    const otherCase = known.find((flag) => flag.name === name.toLowerCase())
    const shown = otherCase !== undefined || /^[a-z][a-z-]{0,30}$/.test(name) ? `--${name}` : undefined
    const reading = wrong({ _tag: "Unknown", shown, withValue: attached !== undefined })
    // The value that --ENV was to have is not an argument in the wrong place.
    const takesNext =
      otherCase?.value !== undefined && attached === undefined && next !== undefined && !isFlag(next)
    return takesNext ? { ...reading, tokens: 2 } : reading
  }
  if (flag.value !== undefined) return withValue(flag, attached, next, [])
  return attached === undefined
    ? { flags: [[flag, true]], tokens: 1 }
    : wrong({ _tag: "TakesNoValue", flag }, [[flag, true]])
}

const readShort = (known: ReadonlyArray<FlagSpec>, token: string, next: string | undefined): FlagReading => {
  const flags: Array<readonly [FlagSpec, string | true]> = []
  for (let i = 1; i < token.length; i++) {
    const flag = known.find(({ short }) => short === token[i])
    if (flag === undefined) {
      // Of several letters together none is shown: they may be a value with a dash first.
      const shown = /^-[A-Za-z]$/.test(token) ? token : undefined
      return wrong({ _tag: "Unknown", shown, withValue: token.length > 2 }, flags)
    }
    const behind = token.slice(i + 1)
    if (flag.value !== undefined) {
      const attached = behind === "" ? undefined : behind.startsWith("=") ? behind.slice(1) : behind
      return withValue(flag, attached, next, flags)
    }
    flags.push([flag, true])
    if (behind.startsWith("=")) return wrong({ _tag: "TakesNoValue", flag }, flags)
  }
  return { flags, tokens: 1 }
}

// A value that begins with a dash is more likely a flag whose predecessor lacks its value, so it has to be attached.
const withValue = (
  flag: FlagSpec,
  attached: string | undefined,
  next: string | undefined,
  before: FlagReading["flags"]
): FlagReading => {
  if (attached !== undefined && attached !== "") return { flags: [...before, [flag, attached]], tokens: 1 }
  if (attached === undefined && next !== undefined && next !== "" && !isFlag(next)) {
    return { flags: [...before, [flag, next]], tokens: 2 }
  }
  const dash = attached === undefined && next !== undefined && isFlag(next)
  const reading = wrong({ _tag: "NeedsValue", flag, dash }, before)
  return attached === undefined && next === "" ? { ...reading, tokens: 2 } : reading
}

const wrong = (problem: FlagProblem, flags: FlagReading["flags"] = []): FlagReading => ({
  flags,
  tokens: 1,
  problem
})
