import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import {
  type Decoder,
  expected,
  isText,
  isWritten,
  listOf,
  misfit,
  shownPath,
  textLike,
  that
} from "../decoding/decoder.ts"
import { isObject } from "../decoding/object.ts"
import { integer, mapOf } from "../decoding/toml.ts"
import { type EnvironmentName, isEnvironmentName, isSecretName, type SecretName } from "../names.ts"
import type { Command, Port, Vars } from "../tako-toml.ts"
import { isProjectName } from "./project-name.ts"

export const projectName = that(
  (value): value is string => typeof value === "string" && isProjectName(value),
  "1 to 63 of a-z, 0-9 and -, a letter first"
)

const argumentsOrLine = 'a list as in ["node", "server.ts"], or one line for the shell'

export const command: Decoder<Command> = (value, path) => {
  if (isWritten(value)) return Either.right(value)
  return Array.isArray(value) && isWritten(value[0]) && value.every(isText)
    ? Either.right(value as unknown as readonly [string, ...Array<string>])
    : expected(path, argumentsOrLine)
}

export const file = that(isWritten, "the name of a file")

export const globs = listOf(that(isWritten, "a text"), 'a list of globs, as in ["dist/**"]')

export const serverNames = listOf(
  textLike(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "a server's name"),
  'a list of servers\' names, as in ["la"]'
)

export const instances = integer(1, 1000)

/** `integer` is the format's. */
export const portOf =
  (integer: (least: number, most: number) => Decoder<number>): Decoder<Port> =>
  (value, path) =>
    value === "assign" || value === "none"
      ? Either.right(value)
      : Either.orElse(integer(1, 65535)(value, path), () =>
          expected(path, 'a port from 1 to 65535, "assign" or "none"')
        )

export const port = portOf(integer)

export const listen: Decoder<string> = (value, path) => {
  const [, digits] =
    (typeof value === "string" && /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(value)) || []
  return digits !== undefined && Number(digits) >= 1 && Number(digits) <= 65535
    ? Either.right(value as string)
    : expected(path, 'a host and a port, as in "127.0.0.1:8080"')
}

const units = { ms: 1, s: 1000, m: 60_000 } as const
const longest = 3_600_000

export const duration: Decoder<Duration.Duration> = (value, path) => {
  const [, digits, unit] = (typeof value === "string" && /^(\d{1,7})(ms|s|m)$/.exec(value)) || []
  const millis = Number(digits) * units[unit as keyof typeof units]
  return millis > 0 && millis <= longest
    ? Either.right(Duration.millis(millis))
    : expected(path, 'a time of at most an hour, as in "500ms", "30s" or "2m"')
}

export const secretNames = listOf(
  that(
    (value): value is SecretName => isText(value) && isSecretName(value),
    "a secret's name, as in DATABASE_URL"
  ),
  'a list of secrets\' names, as in ["DATABASE_URL"]'
)

export const shapes = mapOf(isSecretName, "a secret's name, as in DATABASE_URL", that(isWritten, "a text"))

export const isEnvironment = isEnvironmentName
export const environmentRule = "an environment's name, as in production"

const variable: Decoder<string> = (value, path) => {
  if (isText(value)) return Either.right(value)
  if (typeof value === "bigint" || typeof value === "boolean") return Either.right(String(value))
  return expected(path, "a text, a whole number, true or false")
}

const isVariableName = (key: string): key is string => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)

const variables = mapOf(isVariableName, "a variable's name: A-Z, 0-9 and _, no digit first", variable)

/** A variable whose name tako needs for itself is refused: it would be lost, or worse, believed. */
export const vars: Decoder<Vars> = (value, path) =>
  Either.flatMap(variables(value, path), (decoded) => {
    const ours = [...decoded.keys()].find((key) => key.startsWith("TAKO_"))
    return ours === undefined
      ? Either.right(decoded)
      : misfit([...path, ours], `${shownPath([...path, ours])}: names that start with TAKO_ are tako's own`)
  })

/** `[vars]`: its tables are those of environments, the rest is everybody's. */
export const allVars: Decoder<{
  readonly vars: Vars
  readonly varsOf: ReadonlyMap<EnvironmentName, Vars>
}> = (value, path) =>
  Either.gen(function* () {
    if (!isObject(value)) return yield* expected(path, "a table")
    const entries = Object.entries(value)
    const shared = Object.fromEntries(entries.filter(([, one]) => !isObject(one)))
    const own = Object.fromEntries(entries.filter(([, one]) => isObject(one)))
    return {
      vars: yield* vars(shared, path),
      varsOf: yield* mapOf(isEnvironment, environmentRule, vars)(own, path)
    }
  })
