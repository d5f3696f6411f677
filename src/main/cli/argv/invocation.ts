import * as Either from "effect/Either"
import type { Usage } from "../../../domain/errors/user.ts"
import type { ArgumentSpec, CommandPath, FlagSpec, LeafSpec } from "../grammar.ts"
import * as Complaints from "./complaints.ts"
import { encode } from "./encoding.ts"

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
