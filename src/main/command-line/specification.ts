/** What a value names; with `any-secret`, of any environment, whatever --env says. */
export type Holds = "environment" | "secret" | "any-secret" | "server" | "added-server" | "app"

/**
 * A flag: `--name`, with a short form `-x` and, when `value` names what it takes, a value. Completion takes a value
 * FILE for a file and one written "ts|go" for one of these.
 */
export interface FlagSpec {
  readonly name: string
  readonly short?: string
  readonly value?: string
  readonly holds?: Holds
  readonly summary: string
}

/** An argument without a flag, its label read as a flag's value. Behind one that passes through, nothing is a flag of ours. */
export interface ArgumentSpec {
  readonly label: string
  readonly holds?: Holds
  readonly takes: "one" | "at-most-one" | "any" | "at-least-one"
  readonly passThrough: boolean
  readonly summary?: string
}

/** What to say where a value seems to have been typed on the command line. It is said without repeating anything. */
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
  /** The line that --help shows. */
  readonly example: string
  readonly arguments: ReadonlyArray<ArgumentSpec>
  readonly flags: ReadonlyArray<FlagSpec>
  readonly surplus?: Surplus
}

/** A command that only has commands below it. */
export interface GroupSpec extends Named {
  readonly _tag: "Group"
  readonly children: ReadonlyArray<CommandSpec>
}

/** A command as our own argv preparation and help see it. */
export type CommandSpec = LeafSpec | GroupSpec

/** From the root down to a command, both included. */
export type CommandPath = readonly [GroupSpec, ...ReadonlyArray<CommandSpec>]

export const config: FlagSpec = {
  name: "config",
  short: "c",
  value: "FILE",
  summary: "Use this tako.toml; its folder is the project"
}
export const noColor: FlagSpec = { name: "no-color", summary: "Print without colours" }
export const help: FlagSpec = { name: "help", short: "h", summary: "Print help" }
/** At the root alone. */
export const version: FlagSpec = { name: "version", short: "V", summary: "Print the version" }

/** The flags that every command takes. */
export const globalFlags: ReadonlyArray<FlagSpec> = [config, noColor, help]

/** The flags that the last of the path takes. */
export const flagsAt = (path: CommandPath): ReadonlyArray<FlagSpec> => {
  const last = path[path.length - 1] ?? path[0]
  if (last._tag === "Leaf") return [...last.flags, ...globalFlags]
  return path.length === 1 ? [...globalFlags, version] : globalFlags
}

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
