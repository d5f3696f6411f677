import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { ConfigInvalid } from "../../domain/errors/project.ts"
import { decode } from "../../domain/tako-toml/decode.ts"
import { expectsNothing, type TakoToml } from "../../domain/tako-toml/tako-toml.ts"
import { withoutByteOrderMark } from "../../domain/utf8.ts"

/**
 * Decodes the text of a tako.toml; `path` is for people. Only the first line of the parser's message is used, because the lines
 * below it quote the file. Loaded on demand, because the secrets commands need no tako.toml.
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

/** A project's view of its tako.toml; `text` is none if the file does not exist. */
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
    // Used by `run` and `ls`, whose start would be slowed by a parser that few projects need.
    expected: Effect.flatMap(text, (text) =>
      Option.exists(text, (text) => /^[^#\n]*(?:required|optional)/m.test(text))
        ? Effect.map(read(Option.getOrThrow(text)), ({ secrets }) => secrets)
        : Effect.succeed(expectsNothing)
    )
  }
}

const firstLine = (message: string): string =>
  (message.split("\n", 1)[0] as string).replace(/^Invalid TOML document: /, "not TOML, ")
