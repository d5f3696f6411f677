import type { ArgumentSpec, CommandPath, CommandSpec } from "./grammar.ts"

/** "tako secrets set" */
export const commandLine = (path: ReadonlyArray<CommandSpec>): string =>
  path.map(({ name }) => name).join(" ")

/** "tako secrets set NAME [flags]" */
export const usageLine = (path: CommandPath): string => {
  const last = path[path.length - 1] ?? path[0]
  const passesThrough = last._tag === "Leaf" && last.arguments.some(({ passThrough }) => passThrough)
  const words = last._tag === "Group" ? ["COMMAND"] : last.arguments.map(argumentWord)
  // Behind arguments that pass through, flags would not be ours any more.
  return [commandLine(path), ...(passesThrough ? ["[flags]", "[--]", ...words] : [...words, "[flags]"])].join(
    " "
  )
}

export const argumentWord = ({ label, takes }: ArgumentSpec): string => {
  switch (takes) {
    case "one":
      return label
    case "at-most-one":
      return `[${label}]`
    case "at-least-one":
      return `${label}…`
    case "any":
      return `[${label}…]`
  }
}
