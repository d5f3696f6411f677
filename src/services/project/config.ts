import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { ConfigInvalid } from "../../domain/errors/project.ts"
import { decode } from "../../domain/tako-toml/decode.ts"
import { expectsNothing, type TakoToml } from "../../domain/tako-toml/tako-toml.ts"
import { withoutByteOrderMark } from "../../domain/utf8.ts"

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
      try: () => parse(withoutByteOrderMark(text), { integersAsBigInt: true, maxDepth: 32 }),
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

/** What a project tells of its tako.toml; `text` is none where there is no such file. */
export const configOf = <E>(
  text: Effect.Effect<Option.Option<string>, E>,
  path: string,
  nameOfFolder: string
) => {
  const read = (text: string) => readConfig(text, path, nameOfFolder)
  return {
    config: Effect.flatMap(
      text,
      Option.match({ onNone: () => Effect.succeedNone, onSome: (text) => Effect.asSome(read(text)) })
    ),
    // `run` and `ls` ask for it: the parser is a part of their start that few projects need.
    expected: Effect.flatMap(text, (text) =>
      Option.exists(text, (text) => /^[^#\n]*(?:required|optional)/m.test(text))
        ? Effect.map(read(Option.getOrThrow(text)), ({ secrets }) => secrets)
        : Effect.succeed(expectsNothing)
    )
  }
}

const firstLine = (message: string): string =>
  (message.split("\n", 1)[0] as string).replace(/^Invalid TOML document: /, "not TOML, ")
