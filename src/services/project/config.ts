import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { decode } from "../../domain/tako-toml/decode.ts"
import { expectsNothing } from "../../domain/tako-toml/tako-toml.ts"
import { withoutByteOrderMark } from "../../domain/utf8.ts"
import { decodeToml } from "../files/toml.ts"

/** Decodes the text of a tako.toml; `path` is for people. */
export const readConfig = (text: string, path: string, nameOfFolder: string) =>
  decodeToml(withoutByteOrderMark(text), path, (parsed) => decode(parsed, nameOfFolder))

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
