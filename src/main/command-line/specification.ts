/** What a program takes on its command line, as data: for reading argv, for --help and for completion. */

/** What a value names; `any-secret` is a secret of any environment, whatever --env says. */
export type Holds = "environment" | "secret" | "any-secret" | "server" | "added-server" | "app"

/**
 * A flag: `--name`, with a short form `-x` and, when `value` names what it takes, a value. Completion offers files for
 * a value FILE, and the alternatives of one written "ts|go".
 */
export interface FlagSpec {
  readonly name: string
  readonly short?: string
  readonly value?: string
  readonly holds?: Holds
  readonly summary: string
}

/** A positional argument. After the first word of one that passes through, no word is one of our flags. */
export interface ArgumentSpec {
  readonly label: string
  readonly holds?: Holds
  readonly takes: "one" | "at-most-one" | "any" | "at-least-one"
  readonly passThrough: boolean
  readonly summary?: string
}

/** The error where a value seems to have been typed on the command line. It repeats nothing of what was typed. */
export interface Surplus {
  readonly problem: string
  readonly hint: string
}

interface Named {
  readonly name: string
  readonly aliases: ReadonlyArray<string>
  readonly summary: string
  readonly description?: string
}

/** A command that does something. */
export interface LeafSpec extends Named {
  readonly _tag: "Leaf"
  /** One whole command line, for --help. */
  readonly example: string
  readonly arguments: ReadonlyArray<ArgumentSpec>
  readonly flags: ReadonlyArray<FlagSpec>
  /** A repeated flag replaces the earlier one instead of being an error, so that a service's command line can be appended to. */
  readonly lastFlagWins?: true
  readonly surplus?: Surplus
}

/** A command that only has commands below it. */
export interface GroupSpec extends Named {
  readonly _tag: "Group"
  readonly children: ReadonlyArray<CommandSpec>
  /** Flags that every command below takes as well. */
  readonly flags: ReadonlyArray<FlagSpec>
}

export type CommandSpec = LeafSpec | GroupSpec

/** From the program itself down to a command, both included. */
export type CommandPath = readonly [CommandSpec, ...ReadonlyArray<CommandSpec>]

export const lastOf = (path: CommandPath): CommandSpec => path[path.length - 1] ?? path[0]

/** Every command takes this one. */
export const helpFlag: FlagSpec = { name: "help", short: "h", summary: "Print help" }
/** The program alone takes this one, without a command. */
export const versionFlag: FlagSpec = { name: "version", short: "V", summary: "Print the version" }

/** The flags that a command takes because of where it is. */
export const globalFlagsAt = (path: CommandPath): ReadonlyArray<FlagSpec> => [
  ...path.flatMap((command) => (command._tag === "Group" ? command.flags : [])),
  helpFlag,
  ...(path.length === 1 ? [versionFlag] : [])
]

/** All flags that the last command of a path takes. */
export const flagsAt = (path: CommandPath): ReadonlyArray<FlagSpec> => {
  const last = lastOf(path)
  return [...(last._tag === "Leaf" ? last.flags : []), ...globalFlagsAt(path)]
}

/** Whether everything from a command's first argument on belongs to another program. */
export const passesThrough = (command: LeafSpec): boolean =>
  command.arguments.some(({ passThrough }) => passThrough)

/** "tako secrets set" */
export const commandLine = (path: ReadonlyArray<CommandSpec>): string =>
  path.map(({ name }) => name).join(" ")

/** "tako secrets set NAME [flags]" */
export const usageLine = (path: CommandPath): string => {
  const last = lastOf(path)
  const words = last._tag === "Group" ? ["COMMAND"] : last.arguments.map(argumentWord)
  // Flags come first where they would otherwise belong to the other program.
  const isFlagsFirst = last._tag === "Leaf" && passesThrough(last)
  return [commandLine(path), ...(isFlagsFirst ? ["[flags]", "[--]", ...words] : [...words, "[flags]"])].join(
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
