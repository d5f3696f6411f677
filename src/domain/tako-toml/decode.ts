import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import {
  type Decoded,
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
import { integer, mapOf, tableOf } from "../decoding/toml.ts"
import { type EnvironmentName, isEnvironmentName, isSecretName, type SecretName } from "../names.ts"
import { omitUndefined } from "../omit-undefined.ts"
import {
  type Command,
  expectsNothing,
  isProjectName,
  type Port,
  type TakoToml,
  type Vars
} from "./tako-toml.ts"

const projectName = that(
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

const file = that(isWritten, "the name of a file")

const globs = listOf(that(isWritten, "a text"), 'a list of globs, as in ["dist/**"]')

const serverNames = listOf(
  textLike(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "a server's name"),
  'a list of servers\' names, as in ["la"]'
)

const instances = integer(1, 1000)

/** `integer` is the format's. */
export const portOf =
  (integer: (least: number, most: number) => Decoder<number>): Decoder<Port> =>
  (value, path) =>
    value === "assign" || value === "none"
      ? Either.right(value)
      : Either.orElse(integer(1, 65535)(value, path), () =>
          expected(path, 'a port from 1 to 65535, "assign" or "none"')
        )

const port = portOf(integer)

export const listen: Decoder<string> = (value, path) => {
  const [, digits] =
    (typeof value === "string" && /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(value)) || []
  return digits !== undefined && Number(digits) >= 1 && Number(digits) <= 65535
    ? Either.right(value as string)
    : expected(path, 'a host and a port, as in "127.0.0.1:8080"')
}

const units = { ms: 1, s: 1000, m: 60_000 } as const
const longest = 3_600_000

const duration: Decoder<Duration.Duration> = (value, path) => {
  const [, digits, unit] = (typeof value === "string" && /^(\d{1,7})(ms|s|m)$/.exec(value)) || []
  const millis = Number(digits) * units[unit as keyof typeof units]
  return millis > 0 && millis <= longest
    ? Either.right(Duration.millis(millis))
    : expected(path, 'a time of at most an hour, as in "500ms", "30s" or "2m"')
}

const secretNames = listOf(
  that(
    (value): value is SecretName => isText(value) && isSecretName(value),
    "a secret's name, as in DATABASE_URL"
  ),
  'a list of secrets\' names, as in ["DATABASE_URL"]'
)

const shapes = mapOf(isSecretName, "a secret's name, as in DATABASE_URL", that(isWritten, "a text"))

const environmentRule = "an environment's name, as in production"

const variable: Decoder<string> = (value, path) => {
  if (isText(value)) return Either.right(value)
  if (typeof value === "bigint" || typeof value === "boolean") return Either.right(String(value))
  return expected(path, "a text, a whole number, true or false")
}

const isVariableName = (key: string): key is string => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)

const variables = mapOf(isVariableName, "a variable's name: A-Z, 0-9 and _, no digit first", variable)

/** A variable whose name tako needs for itself is refused: it would be lost, or worse, believed. */
const vars: Decoder<Vars> = (value, path) =>
  Either.flatMap(variables(value, path), (decoded) => {
    const ours = [...decoded.keys()].find((key) => key.startsWith("TAKO_"))
    return ours === undefined
      ? Either.right(decoded)
      : misfit([...path, ours], `${shownPath([...path, ours])}: names that start with TAKO_ are tako's own`)
  })

/** `[vars]`: its tables are those of environments, the rest is everybody's. */
const allVars: Decoder<{
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
      varsOf: yield* mapOf(isEnvironmentName, environmentRule, vars)(own, path)
    }
  })

/** Keys that only the original tako uses. */
const original = [
  "runtime",
  "runtime_version",
  "package_manager",
  "preset",
  "assets",
  "route",
  "routes",
  "idle_timeout",
  "build_stages",
  "arch",
  "libc"
]

const build = tableOf({ run: command, install: command, include: globs, exclude: globs }, original)

const deployment = tableOf(
  {
    servers: serverNames,
    instances,
    listen,
    port,
    drain: duration,
    release: command
  },
  original
)

const secrets = tableOf({
  required: secretNames,
  optional: secretNames,
  shapes
})

const document = tableOf(
  {
    name: projectName,
    start: command,
    main: file,
    dev: command,
    release: command,
    build,
    vars: allVars,
    envs: mapOf(isEnvironmentName, environmentRule, deployment),
    secrets
  },
  original
)

/**
 * What a parsed tako.toml says, its integers as bigint; `nameOfFolder` is the project's name when it has none itself.
 * What does not fit is told by its key, never by its value.
 */
export const decode = (parsed: unknown, nameOfFolder: string): Decoded<TakoToml> =>
  Either.gen(function* () {
    const { name, main, start, build, vars, envs, secrets, ...rest } = yield* document(parsed, [])
    if (main !== undefined && start !== undefined) {
      return yield* misfit(["main"], "main is short for start, and both are there; keep one")
    }
    const runs = main === undefined ? start : (["node", main] as const)
    const twice = secrets?.required?.find((one) => secrets.optional?.includes(one))
    if (twice !== undefined) {
      return yield* misfit(["secrets"], `secrets has ${shownPath([twice])} both in required and in optional`)
    }
    return {
      ...rest,
      name: name ?? nameOfFolder,
      ...omitUndefined({ start: runs }),
      build: { include: [], exclude: [], ...build },
      vars: vars?.vars ?? new Map(),
      varsOf: vars?.varsOf ?? new Map(),
      envs: new Map([...(envs ?? [])].map(([key, one]) => [key, { servers: [], ...one }] as const)),
      secrets: { ...expectsNothing, ...secrets },
      ignored: ignoredIn(parsed)
    }
  })

const ignoredIn = (parsed: unknown): ReadonlyArray<string> => {
  const root = tableIn(parsed)
  const envs = tableIn(root.envs)
  const tables: ReadonlyArray<readonly [ReadonlyArray<string>, unknown]> = [
    [[], root],
    [["build"], root.build],
    ...Object.entries(envs).map(([key, one]) => [["envs", key], one] as const)
  ]
  return tables.flatMap(([path, table]) =>
    original.filter((key) => Object.hasOwn(tableIn(table), key)).map((key) => shownPath([...path, key]))
  )
}

const tableIn = (value: unknown): Readonly<Record<string, unknown>> => (isObject(value) ? value : {})
