import { isFlag, readFlag } from "../../command-line/read-flag.ts"
import {
  type ArgumentSpec,
  type CommandPath,
  type CommandSpec,
  type FlagSpec,
  flagsAt,
  type GroupSpec,
  type Holds,
  type LeafSpec
} from "../../command-line/specification.ts"

/** A word that fits at the cursor, and its meaning. */
export type Candidate = readonly [word: string, summary?: string]

export type Answer =
  | { readonly _tag: "Words"; readonly candidates: ReadonlyArray<Candidate> }
  /** Paths, after the part of the word that is not one: "--config=". */
  | { readonly _tag: "Files"; readonly before: string }
  /** The command line of another program, which begins at this word. */
  | { readonly _tag: "Program"; readonly at: number }

/** Names for completion, read only where one fits. */
export interface Names {
  readonly environments: () => ReadonlyArray<string>
  /** The servers of config.toml, and local. */
  readonly servers: () => ReadonlyArray<string>
  /** This project's app in each of its environments. */
  readonly apps: () => ReadonlyArray<string>
  /** The secrets of one environment, or of all. */
  readonly secrets: (environment?: string) => ReadonlyArray<string>
}

export interface Typed {
  /** The words after the program's name and before the cursor. */
  readonly words: ReadonlyArray<string>
  readonly current: string
}

/** Completes a command line. `namesFor` reads the project of --config, or else of the current directory. */
export const complete = (
  root: GroupSpec,
  { words, current }: Typed,
  namesFor: (config: string | undefined) => Names,
  defaultEnvironment?: string
): Answer => {
  const position = positionAfter(root, words)
  if (position === undefined) return none
  if (position.program !== undefined) return { _tag: "Program", at: position.program }
  const nameIn = (holds: Holds): ReadonlyArray<string> => {
    const names = namesFor(valueOf(position, ({ name }) => name === "config"))
    if (holds === "environment") return names.environments()
    if (holds === "server") return names.servers()
    if (holds === "added-server") return names.servers().filter((name) => name !== "local")
    if (holds === "app") return names.apps()
    if (holds === "any-secret") return names.secrets()
    const environment = valueOf(position, (flag) => flag.holds === "environment") ?? defaultEnvironment
    return names.secrets(environment)
  }
  const valuesOf = (label: string, holds: Holds | undefined, before: string): Answer => {
    if (holds !== undefined) return matching(nameIn(holds).map(bare), current, before)
    if (label === "FILE") return { _tag: "Files", before }
    return label.includes("|") ? matching(label.split("|").map(bare), current, before) : none
  }
  if (position.open !== undefined) return valuesOf(position.open.value ?? "", position.open.holds, "")
  if (isFlag(current) && !position.dashes) {
    const attached = attachedValue(flagsAt(position.path), current)
    if (attached !== undefined) {
      return valuesOf(attached.flag.value ?? "", attached.flag.holds, attached.before)
    }
  }
  if (current.startsWith("-") && !position.dashes) return matching(flags(position), current)
  const last = position.path[position.path.length - 1] ?? root
  if (last._tag === "Group") return commands(last, current)
  const argument = argumentAt(last, position.taken)
  if (argument === undefined) {
    return current === "" && !position.dashes ? matching(flags(position), "") : none
  }
  return argument.passThrough
    ? { _tag: "Program", at: words.length }
    : valuesOf(argument.label, argument.holds, "")
}

const none: Answer = { _tag: "Words", candidates: [] }

const bare = (word: string): Candidate => [word]

const matching = (candidates: ReadonlyArray<Candidate>, current: string, before = ""): Answer => ({
  _tag: "Words",
  candidates: candidates
    .map(([word, ...summary]): Candidate => [before + word, ...summary])
    .filter(([word]) => word.startsWith(current))
})

/** Aliases are offered only where no name fits: one word for a command is enough. */
const commands = ({ children }: GroupSpec, current: string): Answer => {
  const named = matching(
    children.map(({ name, summary }): Candidate => [name, summary]),
    current
  )
  if (named._tag === "Words" && named.candidates.length > 0) return named
  return matching(
    children.flatMap(({ aliases, summary }) => aliases.map((alias): Candidate => [alias, summary])),
    current
  )
}

const flags = ({ path, given }: Position): ReadonlyArray<Candidate> =>
  flagsAt(path)
    .filter((flag) => !given.has(flag))
    .map(({ name, summary }): Candidate => [`--${name}`, summary])

/** The flag of `--name=…`, `-x=…` or `-x…`, and the part of the word before its value. */
const attachedValue = (known: ReadonlyArray<FlagSpec>, word: string) => {
  const [before = "", long, short] = /^(?:--([^=]+)=|-([A-Za-z])=?(?!$))/.exec(word) ?? []
  const flag = known.find(({ name, short: letter, value }) =>
    value === undefined ? false : long === undefined ? letter === short : name === long
  )
  return flag === undefined || before === "" ? undefined : { flag, before }
}

const valueOf = (position: Position, isWanted: (flag: FlagSpec) => boolean): string | undefined => {
  for (const [flag, value] of position.given) if (isWanted(flag) && value !== true) return value
  return undefined
}

const argumentAt = (leaf: LeafSpec, taken: number): ArgumentSpec | undefined => {
  for (const [index, argument] of leaf.arguments.entries()) {
    if (argument.takes === "any" || argument.takes === "at-least-one" || taken === index) return argument
  }
  return undefined
}

/** Where the cursor is, as the words before it tell. */
export interface Position {
  readonly path: CommandPath
  readonly given: ReadonlyMap<FlagSpec, string | true>
  /** How many arguments there are so far. */
  readonly taken: number
  /** The flag whose value is being typed. */
  readonly open?: FlagSpec
  /** Whether the cursor is after "--", where no word is a flag. */
  readonly dashes: boolean
  /** The index of the word that names the program to run. */
  readonly program?: number
}

/** Undefined after a word that is not a command. Other mistakes are for the command itself to report. */
export const positionAfter = (root: GroupSpec, words: ReadonlyArray<string>): Position | undefined => {
  let path: CommandPath = [root]
  let taken = 0
  const given = new Map<FlagSpec, string | true>()
  const here = (more: Pick<Position, "open" | "program"> & { readonly dashes?: boolean } = {}): Position => ({
    path,
    given,
    taken,
    dashes: false,
    ...more
  })
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ""
    const last: CommandSpec = path[path.length - 1] ?? root
    if (last._tag === "Leaf" && last.arguments.some(({ passThrough }) => passThrough)) {
      if (word === "--") return here({ program: at + 1 })
      if (!isFlag(word)) return here({ program: at })
    }
    if (word === "--") {
      taken += words.length - at - 1
      return last._tag === "Leaf" ? here({ dashes: true }) : undefined
    }
    if (isFlag(word)) {
      const { flags, tokens, problem } = readFlag(flagsAt(path), word, words[at + 1])
      for (const [flag, value] of flags) given.set(flag, value)
      if (problem?._tag === "NeedsValue" && at + 1 === words.length && !word.includes("=")) {
        return here({ open: problem.flag })
      }
      at += tokens - 1
    } else if (last._tag === "Leaf") {
      taken += 1
    } else {
      const child = last.children.find(({ name, aliases }) => name === word || aliases.includes(word))
      if (child === undefined && word !== "help") return undefined
      if (child !== undefined) path = [...path, child]
    }
  }
  return here()
}

/** A word as a shell would read it, its quotes and backslashes taken off; nothing in it is expanded. */
export const asShellReads = (word: string): string =>
  word.replace(
    /'([^']*)'?|"((?:[^"\\]|\\.)*)"?|\\(.?)/gs,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\([$`"\\])/g, "$1") ?? escaped ?? ""
  )
