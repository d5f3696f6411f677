import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { ConfigInvalid } from "../../domain/errors/project.ts"
import { decode } from "../../domain/tako-toml/decode.ts"
import type { TakoToml } from "../../domain/tako-toml.ts"

/**
 * What the text of a tako.toml says; `path` is for people. The parser's message tells what it expected, without the
 * line it quotes below; it is loaded here, because the secrets commands need no tako.toml.
 */
export const readConfig = (
  text: string,
  path: string,
  nameOfFolder: string
): Effect.Effect<TakoToml, ConfigInvalid> =>
  Effect.gen(function* () {
    const { parse, TomlError } = yield* Effect.promise(() => import("smol-toml"))
    const parsed = yield* Effect.try({
      try: () => parse(text.replace(/^\uFEFF/, ""), { integersAsBigInt: true, maxDepth: 32 }),
      catch: (error) =>
        error instanceof TomlError
          ? new ConfigInvalid({ path, line: error.line, problem: firstLine(error.message) })
          : new ConfigInvalid({ path, problem: "not TOML" })
    })
    const decoded = decode(parsed, nameOfFolder)
    if (Either.isRight(decoded)) return decoded.right
    const { problem, suggestion } = decoded.left
    return yield* new ConfigInvalid(
      suggestion === undefined ? { path, problem } : { path, problem, suggestion }
    )
  })

const firstLine = (message: string): string =>
  (message.split("\n", 1)[0] as string).replace(/^Invalid TOML document: /, "not TOML, ")
