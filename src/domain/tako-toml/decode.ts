import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type EnvironmentName, isEnvironmentName, isSecretName, type SecretName } from "../names.ts"
import { omitUndefined } from "../omit-undefined.ts"
import { type Decoded, decoderOf, shownPath } from "../schema/decoder.ts"
import {
  isObject,
  isText,
  isWritten,
  listOf,
  mapOf,
  optional,
  SecretNameText,
  textWhere
} from "../schema/fields.ts"
import { plainToml } from "../schema/toml.ts"
import { Command, Instances, Listen, Port, type Vars, varsOf } from "./fields.ts"
import { isProjectName, type TakoToml } from "./tako-toml.ts"

/** A list that is empty by default. */
const listOrNone = <A, I>(list: Schema.Schema<ReadonlyArray<A>, I>) =>
  Schema.optionalWith(list, { exact: true, default: () => [] })

const units = { ms: 1, s: 1000, m: 60_000 } as const

/** NaN if it is not a duration. */
const millisOf = (text: string): number => {
  const [, digits, unit] = /^(\d{1,7})(ms|s|m)$/.exec(text) ?? []
  return Number(digits) * units[unit as keyof typeof units]
}

const secretProblem = (key: string) =>
  isSecretName(key) ? undefined : ": the key must be a secret's name, as in DATABASE_URL"

const environmentProblem = (key: string) =>
  isEnvironmentName(key) ? undefined : ": the key must be an environment's name, as in production"

const ofEnvironments = <A, I>(member: Schema.Schema<A, I>) =>
  mapOf<EnvironmentName, A, I>({ keyProblem: environmentProblem, object: "a table" }, member)

interface AllVars {
  /** Shared by every environment. */
  readonly vars: Vars
  /** For one environment, overriding the shared ones. */
  readonly varsOf: ReadonlyMap<EnvironmentName, Vars>
}

/** The schema of the document, created on first use. */
const makeDocument = () => {
  const Globs = listOf(
    textWhere(isWritten, "a string that is not blank"),
    'a list of globs, as in ["dist/**"]'
  )

  /** How a release is built from the project's folder. */
  const Build = Schema.Struct({
    run: optional(Command),
    install: optional(Command),
    /** Globs relative to the project's folder; empty means every file tracked by git. */
    include: listOrNone(Globs),
    exclude: listOrNone(Globs)
  })

  const Time = Schema.transform(
    textWhere((text) => {
      const millis = millisOf(text)
      return millis > 0 && millis <= 3_600_000
    }, 'a time of at most an hour, as in "500ms", "30s" or "2m"'),
    Schema.declare(Duration.isDuration),
    {
      strict: true,
      decode: (text) => Duration.millis(millisOf(text)),
      encode: (duration) => `${Duration.toMillis(duration)}ms`
    }
  )

  const ServerNames = listOf(
    textWhere((text) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text), "a server's name"),
    'a list of servers\' names, as in ["la"]'
  )

  /** How an environment is deployed: `[envs.<name>]`. */
  const Deployment = Schema.Struct({
    /** Names of servers of the user's config.toml. */
    servers: listOrNone(ServerNames),
    instances: optional(Instances),
    listen: optional(Listen),
    port: optional(Port),
    /** How long a replaced instance may take to finish its requests. */
    drain: optional(Time),
    /** Overrides the project's. */
    release: optional(Command)
  })

  const SecretNames = listOf(SecretNameText, 'a list of secrets\' names, as in ["DATABASE_URL"]')

  const Shapes = mapOf<SecretName, string, string>(
    { keyProblem: secretProblem, object: "a table" },
    textWhere(isWritten, "a string that is not blank")
  )

  /** What the project declares about its secrets: names, never values. */
  const ExpectedSecrets = Schema.Struct({
    required: listOrNone(SecretNames),
    optional: listOrNone(SecretNames),
    /** A description of the value for people. */
    shapes: Schema.optionalWith(Shapes, { exact: true, default: () => new Map() })
  }).pipe(
    Schema.filter(({ required, optional }) => {
      const twice = required.find((name) => optional.includes(name))
      return twice === undefined || ` has ${shownPath([twice])} both in required and in optional`
    })
  )

  const Variable = Schema.transform(
    Schema.declare(
      (value): value is string | number | bigint | boolean =>
        typeof value === "string"
          ? isText(value)
          : typeof value === "number" || typeof value === "bigint" || typeof value === "boolean",
      { description: "a string, a whole number, true or false" }
    ),
    Schema.String,
    { strict: true, decode: String, encode: (text) => text }
  )

  const SharedVars = varsOf(Variable, "a table")
  const OwnVars = ofEnvironments(SharedVars)

  /** `[vars]`: its tables belong to environments, everything else applies to all of them. */
  const AllVars = Schema.transformOrFail(
    Schema.declare(isObject, { description: "a table" }),
    Schema.declare((value): value is AllVars => isObject(value)),
    {
      strict: true,
      decode: (table, options) => {
        const members = (areTables: boolean) =>
          Object.fromEntries(Object.entries(table).filter(([, one]) => isObject(one) === areTables))
        return Either.all({
          vars: ParseResult.decodeUnknownEither(SharedVars)(members(false), options),
          varsOf: ParseResult.decodeUnknownEither(OwnVars)(members(true), options)
        })
      },
      encode: ({ vars, varsOf }) =>
        Either.right(
          Object.fromEntries<unknown>([
            ...vars,
            ...[...varsOf].map(([name, own]) => [name, Object.fromEntries(own)] as const)
          ])
        )
    }
  )

  return Schema.Struct({
    name: optional(textWhere(isProjectName, "1 to 63 characters of a-z, 0-9 and -, starting with a letter")),
    /** What an instance runs; `main = FILE` is short for `["node", FILE]`. */
    start: optional(Command),
    main: optional(textWhere(isWritten, "the name of a file")),
    dev: optional(Command),
    /** Runs once per deploy, on the first server. */
    release: optional(Command),
    build: Schema.optionalWith(Build, { exact: true, default: () => ({ include: [], exclude: [] }) }),
    vars: Schema.optionalWith(AllVars, {
      exact: true,
      default: (): AllVars => ({ vars: new Map(), varsOf: new Map() })
    }),
    envs: Schema.optionalWith(ofEnvironments(Deployment), { exact: true, default: () => new Map() }),
    secrets: Schema.optionalWith(ExpectedSecrets, {
      exact: true,
      default: () => ({ required: [], optional: [], shapes: new Map() })
    })
  }).pipe(
    Schema.filter(({ main, start }) =>
      main === undefined || start === undefined
        ? undefined
        : { path: ["main"], message: " is short for start, and both are set; keep one" }
    )
  )
}
export type Document = ReturnType<typeof makeDocument>["Type"]

const decodeDocument = decoderOf(makeDocument, { object: "a table" })

/** Decodes a parsed tako.toml, its integers as bigint; `nameOfFolder` is the default name of the project. */
export const decode = (parsed: unknown, nameOfFolder: string): Decoded<TakoToml> => {
  const ignored: Array<string> = []
  const document = withoutOriginals(plainToml(parsed), ignored)
  return Either.map(decodeDocument(document), ({ name = nameOfFolder, main, start, vars, ...rest }) => {
    const runs = main === undefined ? start : (["node", main] as const)
    return { ...rest, ...vars, name, ...omitUndefined({ start: runs }), ignored }
  })
}

/** Keys that only the original tako uses. */
const originals: ReadonlySet<string> = new Set([
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
])

/** Removes the original's keys from the document, and adds them to `ignored`. */
const withoutOriginals = (document: unknown, ignored: Array<string>): unknown => {
  const rest = (table: unknown, path: ReadonlyArray<string>): unknown => {
    if (!isObject(table)) return table
    const [own, others] = [Object.entries(table), new Map<string, unknown>()]
    for (const [key, value] of own) {
      if (originals.has(key)) ignored.push(shownPath([...path, key]))
      else others.set(key, value)
    }
    return Object.fromEntries(others)
  }
  const root = rest(document, [])
  if (!isObject(root)) return root
  return mapMembers(root, (key, value) => {
    if (key === "build") return rest(value, [key])
    return key === "envs" && isObject(value)
      ? mapMembers(value, (name, deployment) => rest(deployment, [key, name]))
      : value
  })
}

const mapMembers = (
  object: Readonly<Record<string, unknown>>,
  change: (key: string, value: unknown) => unknown
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(key, value)]))
