import type * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as PathPatch from "effect/ConfigProviderPathPatch"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as HashSet from "effect/HashSet"
import * as Layer from "effect/Layer"
import { loadSecrets } from "../sdk/runtime.ts"

/** tako started this process, but its secrets cannot be read. `code` is `TAKO_…`; the message says what to type. */
export class SecretsUnavailable extends Data.TaggedError("SecretsUnavailable")<{
  readonly code: string
  readonly message: string
}> {}

type Secrets = Readonly<Record<string, string>>

/**
 * Puts the secrets of this process before the current ConfigProvider: `Config.redacted("DATABASE_URL")` is a secret,
 * `Config.port("PORT")` what it was. The same ones as in `tako.gen.ts`, read once. A value stays as it is, commas and
 * newlines included; only `Config.array` takes it apart, at commas. A secret that does not parse is an error that does not
 * quote it, and the provider behind is not asked for it. Without tako, there is only the provider behind.
 */
export const layer: Layer.Layer<never, SecretsUnavailable> = Layer.unwrapEffect(
  Effect.map(
    Effect.all([Effect.suspend(received), Effect.configProviderWith(Effect.succeed)]),
    ([secrets, behind]) =>
      Layer.setConfigProvider(ConfigProvider.orElse(of(secrets), () => without(secrets, behind)))
  )
)

/** None without tako: in a test, or if somebody sets environment variables. */
function received(): Effect.Effect<Secrets, SecretsUnavailable> {
  loadSecrets()
  const bag = Reflect.get(globalThis, Symbol.for("tako/fd3/v1")) as (wanted: string) => { secrets: Secrets }
  return Effect.catchAll(
    Effect.try({
      try: () => bag("Configuration").secrets,
      catch: (error) => new SecretsUnavailable(error as { readonly code: string; readonly message: string })
    }),
    (error) =>
      error.code === "TAKO_NOT_STARTED" ? Effect.succeed(Object.create(null) as Secrets) : Effect.fail(error)
  )
}

/** Names are those of variables: a nested name is joined with underscores. */
const nameOf = (path: ReadonlyArray<string>): string => path.join("_")

const of = (secrets: Secrets): ConfigProvider.ConfigProvider =>
  ConfigProvider.fromFlat(
    ConfigProvider.makeFlat({
      load: (path, primitive, split) => {
        const text = secrets[nameOf(path)]
        return text === undefined
          ? Effect.fail(ConfigError.MissingData([...path], `There is no secret ${nameOf(path)}`))
          : Effect.forEach(split ? text.split(/\s*,\s*/) : [text], (part) => parse(path, primitive, part))
      },
      enumerateChildren: (path) =>
        Effect.sync(() =>
          HashSet.fromIterable(
            Object.keys(secrets)
              .map((name) => name.split("_"))
              .filter((words) => path.every((word, index) => words[index] === word))
              .flatMap((words) => words.slice(path.length, path.length + 1))
          )
        ),
      patch: PathPatch.empty
    })
  )

/** Its own errors quote the text. */
const parse = <A>(path: ReadonlyArray<string>, primitive: Config.Config.Primitive<A>, text: string) =>
  Either.mapLeft(primitive.parse(text), () =>
    ConfigError.InvalidData([...path], `Secret ${nameOf(path)} is not ${primitive.description}`)
  )

/** A delivered secret is not looked up anywhere else. */
const without = (secrets: Secrets, { flattened }: ConfigProvider.ConfigProvider) =>
  ConfigProvider.fromFlat(
    ConfigProvider.makeFlat({
      ...flattened,
      load: (path, primitive, split) =>
        nameOf(path) in secrets
          ? Effect.fail(ConfigError.MissingData([...path], `${nameOf(path)} is a secret`))
          : flattened.load(path, primitive, split)
    })
  )
