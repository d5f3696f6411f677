import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { nearest } from "../../domain/did-you-mean.ts"
import type { Usage } from "../../domain/errors/user.ts"
import { isFlag, readFlag } from "./read-flag.ts"
import {
  type ArgumentSpec,
  type CommandPath,
  type CommandSpec,
  type FlagSpec,
  flagsAt,
  helpFlag,
  type LeafSpec,
  lastOf,
  passesThrough,
  versionFlag
} from "./specification.ts"
import * as UsageErrors from "./usage-errors.ts"

/** What a command line asks for. */
export type Prepared =
  | {
      readonly _tag: "Help"
      readonly path: CommandPath
      /** False for a group without a command, which is an incomplete command line. */
      readonly asked: boolean
    }
  | { readonly _tag: "Version" }
  | ({ readonly _tag: "Invoke" } & Invocation)

/** A command, and what was typed for it. */
export interface Invocation {
  readonly path: CommandPath
  readonly command: LeafSpec
  readonly flags: GivenFlags
  /** The words of each declared argument, in the declared order. */
  readonly arguments: ReadonlyArray<ReadonlyArray<string>>
}

/** The flags that were typed, those of the groups above included, with their values. */
export type GivenFlags = ReadonlyMap<FlagSpec, string | true>

/** The value that a flag was given. */
export const valueOf = (flags: GivenFlags, flag: FlagSpec): string | undefined => {
  const value = flags.get(flag)
  return value === true ? undefined : value
}

/**
 * Reads the words after the program's name. --help wins over anything else that is wrong with a command. A value in the
 * wrong place wins over a wrong flag: people must hear that it may be in their shell's history.
 */
export const prepare = (root: CommandSpec, argv: ReadonlyArray<string>): Either.Either<Prepared, Usage> =>
  Either.flatMap(read(root, argv), (reading): Either.Either<Prepared, Usage> => {
    const { path, flags, positionals, problem } = reading
    const command = lastOf(path)
    if (reading.helpWord || flags.has(helpFlag)) return Either.right({ _tag: "Help", path, asked: true })
    if (problem === undefined && flags.has(versionFlag)) return Either.right({ _tag: "Version" })
    if (command._tag === "Group") {
      return problem === undefined
        ? Either.right({ _tag: "Help", path, asked: path.length === 1 })
        : Either.left(problem)
    }
    const isSurplus = !passesThrough(command) && hasSurplus(command, positionals)
    if (isSurplus && command.surplus !== undefined) return Either.left(UsageErrors.surplus(path, command))
    if (problem !== undefined) return Either.left(problem)
    if (isSurplus) return Either.left(UsageErrors.surplus(path, command))
    return Either.map(assign(path, command, positionals), (words) => ({
      _tag: "Invoke",
      path,
      command,
      flags,
      arguments: words
    }))
  })

/** What has been read of a command line, and the first thing that is wrong with its flags. */
interface Reading {
  path: CommandPath
  readonly flags: Map<FlagSpec, string | true>
  positionals: Array<string>
  helpWord: boolean
  problem: Usage | undefined
}

const read = (root: CommandSpec, argv: ReadonlyArray<string>): Either.Either<Reading, Usage> => {
  const reading: Reading = {
    path: [root],
    flags: new Map(),
    positionals: [],
    helpWord: false,
    problem: undefined
  }
  let at = 0
  while (at < argv.length) {
    const token = argv[at] ?? ""
    const last = lastOf(reading.path)
    if (token === "--") {
      if (last._tag === "Group") {
        return Either.left(reading.problem ?? UsageErrors.dashesBeforeCommand(reading.path))
      }
      reading.positionals = reading.positionals.concat(argv.slice(at + 1))
      break
    }
    if (isFlag(token)) {
      at += readFlags(reading, token, argv[at + 1])
    } else if (last._tag === "Leaf") {
      if (passesThrough(last)) {
        reading.positionals = argv.slice(at)
        break
      }
      reading.positionals.push(token)
      at += 1
    } else {
      const child = last.children.find(({ name, aliases }) => name === token || aliases.includes(token))
      if (child !== undefined) {
        reading.path = [...reading.path, child]
      } else if (token === "help") {
        reading.helpWord = true
      } else if (reading.flags.has(helpFlag)) {
        break
      } else {
        return Either.left(reading.problem ?? UsageErrors.unknownCommand(reading.path, last, token))
      }
      at += 1
    }
  }
  return Either.right(reading)
}

/** Returns how many tokens were read. */
const readFlags = (reading: Reading, token: string, next: string | undefined): number => {
  const known = flagsAt(reading.path)
  const { flags, tokens, problem } = readFlag(known, token, next)
  const last = lastOf(reading.path)
  const mayRepeat = last._tag === "Leaf" && last.lastFlagWins === true
  for (const [flag, value] of flags) {
    if (reading.flags.has(flag) && !mayRepeat) {
      reading.problem ??= UsageErrors.flagProblem(reading.path, known, { _tag: "Twice", flag })
    }
    reading.flags.set(flag, value)
  }
  if (problem !== undefined) reading.problem ??= UsageErrors.flagProblem(reading.path, known, problem)
  const hasNext = next !== undefined && !isFlag(next)
  return tokens === 1 && hasNext && problem?._tag === "Unknown" && lacksValue(known, problem) ? 2 : tokens
}

/** Whether an unknown flag looks like one that takes a value: in `--evn dev`, dev is no stray argument either. */
const lacksValue = (
  known: ReadonlyArray<FlagSpec>,
  { shown, withValue }: { readonly shown: string | undefined; readonly withValue: boolean }
): boolean => {
  if (withValue || shown?.startsWith("--") !== true) return false
  const near = nearest(
    shown.slice(2),
    known.map(({ name }) => name)
  )
  return known.some(({ name, value }) => value !== undefined && Option.contains(near, name))
}

const capacity: Readonly<Record<ArgumentSpec["takes"], number>> = {
  one: 1,
  "at-most-one": 1,
  any: Number.POSITIVE_INFINITY,
  "at-least-one": Number.POSITIVE_INFINITY
}

/** Whether more was typed than the command takes, or an argument carries a value (`NAME=VALUE`). */
const hasSurplus = (command: LeafSpec, positionals: ReadonlyArray<string>): boolean =>
  positionals.length > command.arguments.reduce((most, { takes }) => most + capacity[takes], 0) ||
  (command.surplus !== undefined && positionals.some((word) => word.includes("=")))

/** Gives each declared argument its words. */
const assign = (
  path: CommandPath,
  command: LeafSpec,
  positionals: ReadonlyArray<string>
): Either.Either<ReadonlyArray<ReadonlyArray<string>>, Usage> => {
  const assigned: Array<ReadonlyArray<string>> = []
  let left = positionals
  for (const argument of command.arguments) {
    const words = left.slice(0, capacity[argument.takes])
    left = left.slice(words.length)
    // An empty word may pass through: the program "" is not found, as in a shell.
    if (!argument.passThrough && words.includes("")) {
      return Either.left(UsageErrors.empty(path, command, argument))
    }
    const isRequired = argument.takes === "one" || argument.takes === "at-least-one"
    if (isRequired && words.length === 0) return Either.left(UsageErrors.missing(path, command, argument))
    assigned.push(words)
  }
  return Either.right(assigned)
}
