import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { nearest } from "../../domain/did-you-mean.ts"
import type { Usage } from "../../domain/errors/user.ts"
import type { Globals } from "../cli/context.ts"
import { encode } from "./encoding.ts"
import { isFlag, readFlag } from "./read-flag.ts"
import type { ArgumentSpec, CommandPath, CommandSpec, FlagSpec, LeafSpec } from "./specification.ts"
import * as Flags from "./specification.ts"
import * as Complaints from "./usage-errors.ts"

/** What a command line asks for. */
export type Prepared =
  | {
      readonly _tag: "Help"
      readonly path: CommandPath
      /** False for a group without a command: an incomplete command line. */
      readonly asked: boolean
    }
  | { readonly _tag: "Version" }
  | {
      readonly _tag: "Invoke"
      readonly path: CommandPath
      /** Less what names the command. */
      readonly argv: ReadonlyArray<string>
      readonly globals: Globals["Type"]
    }

/** What was read of a command line, and the first thing that is wrong with its flags. */
interface Reading {
  path: CommandPath
  readonly given: Map<FlagSpec, string | true>
  positionals: Array<string>
  helpWord: boolean
  problem: Usage | undefined
}

/**
 * Reads what was typed behind the program's name. --help wins over anything else that is wrong with a command; a value
 * in the wrong place over a wrong flag, because it has to be said that it may be in the shell's history now.
 */
export const prepare = (root: CommandPath[0], argv: ReadonlyArray<string>): Either.Either<Prepared, Usage> =>
  Either.flatMap(read(root, argv), (reading): Either.Either<Prepared, Usage> => {
    const { path, given, positionals, problem } = reading
    const last = lastOf(path)
    if (reading.helpWord || given.has(Flags.help)) return Either.right({ _tag: "Help", path, asked: true })
    if (problem === undefined && given.has(Flags.version)) return Either.right({ _tag: "Version" })
    if (last._tag === "Group") {
      return problem === undefined
        ? Either.right({ _tag: "Help", path, asked: path.length === 1 })
        : Either.left(problem)
    }
    const isSurplus = !passesThrough(last) && hasSurplus(last, positionals)
    if (isSurplus && last.surplus !== undefined) return Either.left(Complaints.surplus(path, last))
    if (problem !== undefined) return Either.left(problem)
    if (isSurplus) return Either.left(Complaints.surplus(path, last))
    return Either.map(invocation(path, last, given, positionals), (argv) => ({
      _tag: "Invoke",
      path,
      argv,
      globals: {
        config: Option.filter(Option.fromNullable(given.get(Flags.config)), (value) => value !== true),
        noColor: given.has(Flags.noColor)
      }
    }))
  })

const read = (root: CommandPath[0], argv: ReadonlyArray<string>): Either.Either<Reading, Usage> => {
  const reading: Reading = {
    path: [root],
    given: new Map(),
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
        return Either.left(reading.problem ?? Complaints.dashesBeforeCommand(reading.path))
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
      } else if (reading.given.has(Flags.help)) {
        break
      } else {
        return Either.left(reading.problem ?? Complaints.unknownCommand(reading.path, last, token))
      }
      at += 1
    }
  }
  return Either.right(reading)
}

/** Returns how many tokens were read. */
const readFlags = (reading: Reading, token: string, next: string | undefined): number => {
  const known = Flags.flagsAt(reading.path)
  const { found, tokens, problem } = readFlag(known, token, next)
  for (const [flag, value] of found) {
    if (reading.given.has(flag)) {
      reading.problem ??= Complaints.flagProblem(reading.path, known, { _tag: "Twice", flag })
    }
    reading.given.set(flag, value)
  }
  if (problem !== undefined) reading.problem ??= Complaints.flagProblem(reading.path, known, problem)
  const hasNext = next !== undefined && !isFlag(next)
  return tokens === 1 && hasNext && problem?._tag === "Unknown" && lacksValue(known, problem) ? 2 : tokens
}

/** Of --evn for --env: the value that it was to have is not an argument in the wrong place, either. */
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

const lastOf = (path: CommandPath): CommandSpec => path[path.length - 1] ?? path[0]

const passesThrough = (leaf: LeafSpec): boolean => leaf.arguments.some(({ passThrough }) => passThrough)

/**
 * What @effect/cli is given for the command: each flag as `--name` or `--name=value`, then `--` and one token for each
 * declared argument, in their order; values and arguments encoded.
 */
export const invocation = (
  path: CommandPath,
  leaf: LeafSpec,
  given: ReadonlyMap<FlagSpec, string | true>,
  positionals: ReadonlyArray<string>
): Either.Either<ReadonlyArray<string>, Usage> =>
  Either.map(assign(path, leaf, positionals), (tokens) => [
    ...leaf.flags.flatMap((flag) => {
      const value = given.get(flag)
      if (value === undefined) return []
      return [value === true ? `--${flag.name}` : `--${flag.name}=${encode(value)}`]
    }),
    "--",
    ...tokens
  ])

/** Whether more was typed than the command takes, or a value in an argument (`NAME=VALUE`). */
export const hasSurplus = (leaf: LeafSpec, positionals: ReadonlyArray<string>): boolean =>
  positionals.length > leaf.arguments.reduce((most, { takes }) => most + capacity[takes], 0) ||
  (leaf.surplus !== undefined && positionals.some((word) => word.includes("=")))

const capacity: Readonly<Record<ArgumentSpec["takes"], number>> = {
  one: 1,
  "at-most-one": 1,
  any: Number.POSITIVE_INFINITY,
  "at-least-one": Number.POSITIVE_INFINITY
}

const assign = (
  path: CommandPath,
  leaf: LeafSpec,
  positionals: ReadonlyArray<string>
): Either.Either<ReadonlyArray<string>, Usage> => {
  const tokens: Array<string> = []
  let left = positionals
  for (const argument of leaf.arguments) {
    const taken = left.slice(0, capacity[argument.takes])
    left = left.slice(taken.length)
    // What passes through may be empty: "" as a program is not found, as in a shell.
    if (!argument.passThrough && taken.includes("")) {
      return Either.left(Complaints.empty(path, leaf, argument))
    }
    const required = argument.takes === "one" || argument.takes === "at-least-one"
    if (required && taken.length === 0) return Either.left(Complaints.missing(path, leaf, argument))
    tokens.push(argument.takes === "one" ? encode(taken[0] ?? "") : encode(taken))
  }
  return Either.right(tokens)
}
