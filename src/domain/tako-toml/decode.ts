import * as Either from "effect/Either"
import { type Decoded, misfit, shownPath } from "../decoding/decoder.ts"
import { isObject } from "../decoding/object.ts"
import { mapOf, tableOf } from "../decoding/toml.ts"
import { expectsNothing, type TakoToml } from "../tako-toml.ts"
import * as Fields from "./fields.ts"

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

const build = tableOf(
  { run: Fields.command, install: Fields.command, include: Fields.globs, exclude: Fields.globs },
  original
)

const deployment = tableOf(
  {
    servers: Fields.serverNames,
    instances: Fields.instances,
    listen: Fields.listen,
    port: Fields.port,
    drain: Fields.duration,
    release: Fields.command
  },
  original
)

const secrets = tableOf({
  required: Fields.secretNames,
  optional: Fields.secretNames,
  shapes: Fields.shapes
})

const document = tableOf(
  {
    name: Fields.projectName,
    start: Fields.command,
    main: Fields.file,
    dev: Fields.command,
    release: Fields.command,
    build,
    vars: Fields.allVars,
    envs: mapOf(Fields.isEnvironment, Fields.environmentRule, deployment),
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
      ...(runs === undefined ? {} : { start: runs }),
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
