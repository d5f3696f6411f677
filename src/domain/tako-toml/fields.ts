import * as Schema from "effect/Schema"
import { isText, isWritten, mapOf, textWhere, wholeNumber } from "../schema/fields.ts"

// Fields that tako.toml shares with releases.

const isCommand = (value: unknown): value is string | readonly [string, ...ReadonlyArray<string>] =>
  typeof value === "string"
    ? isWritten(value)
    : Array.isArray(value) &&
      value.length > 0 &&
      value.every((part) => typeof part === "string" && isText(part)) &&
      isWritten(value[0])

/** A program with its arguments, run as is; or one line for `sh -c`. */
export const Command = Schema.declare(isCommand, {
  description: 'a list as in ["node", "server.ts"], or one line for the shell'
})
export type Command = typeof Command.Type

export const Instances = wholeNumber(1, 1000)

/**
 * How tako-server learns that an instance is listening: from fd 4 if there is no `port`, at this port (1 to 65535), at the
 * port that it assigns as PORT, or not at all (a worker).
 */
export const Port = Schema.Union(Schema.Literal("assign", "none"), wholeNumber(1, 65535)).annotations({
  description: 'a port from 1 to 65535, "assign" or "none"'
})
export type Port = typeof Port.Type

/** Where the front listens, as host and port: "127.0.0.1:8080", "[::1]:8080". */
export const Listen = textWhere((text) => {
  const [, digits] = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(text) ?? []
  return Number(digits) >= 1 && Number(digits) <= 65535
}, 'a host and a port, as in "127.0.0.1:8080"')

/** Plain environment variables, by name. */
export type Vars = ReadonlyMap<string, string>

/** Variables that tako sets itself are refused: they would be overwritten or, worse, trusted. */
const variableProblem = (key: string): string | undefined => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
    return ": the key must be a variable's name: letters, digits and _, not starting with a digit"
  }
  return key.startsWith("TAKO_") ? ": names that start with TAKO_ are reserved for tako" : undefined
}

export const varsOf = <I>(value: Schema.Schema<string, I>, object: string) =>
  mapOf<string, string, I>({ keyProblem: variableProblem, object }, value)
