import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { ConfigInvalid } from "../../domain/errors/project.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { Decoded } from "../../domain/schema/decoder.ts"

/**
 * Parses and decodes a TOML file's text; `path` is for people. Only the first line of the parser's message is used, because
 * the lines below it quote the file. The parser is loaded on demand, because the secrets commands need none.
 */
export const decodeToml = <A>(
  text: string,
  path: string,
  decode: (parsed: unknown) => Decoded<A>
): Effect.Effect<A, ConfigInvalid> =>
  Effect.gen(function* () {
    const { parse, TomlError } = yield* Effect.promise(() => import("smol-toml"))
    const parsed = yield* Effect.try({
      try: () => parse(text, { integersAsBigInt: true, maxDepth: 32 }),
      catch: (error) =>
        error instanceof TomlError
          ? new ConfigInvalid({ path, line: error.line, problem: firstLine(error.message) })
          : new ConfigInvalid({ path, problem: "not TOML" })
    })
    return yield* Either.mapLeft(
      decode(parsed),
      ({ problem, suggestion }) => new ConfigInvalid({ path, problem, ...omitUndefined({ suggestion }) })
    )
  })

const firstLine = (message: string): string =>
  (message.split("\n", 1)[0] as string).replace(/^Invalid TOML document: /, "not TOML, ")
