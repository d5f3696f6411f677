import * as Fs from "node:fs"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Attempt, KeySourceName } from "../../domain/errors/keys.ts"
import { explain } from "../../domain/errors/secrets-file.ts"

/** A variable that was set: its text, or why it gives none. */
export interface Variable {
  readonly source: KeySourceName
  readonly text: Redacted.Redacted<string> | Omit<Attempt, "source">
}

/** The text of NAME and of the file that NAME_FILE names, in this order, as far as they are set. */
export const read = (name: "TAKO_KEY" | "TAKO_PASSPHRASE"): Effect.Effect<ReadonlyArray<Variable>> =>
  Effect.gen(function* () {
    const direct = yield* variable(name)
    const file = yield* variable(`${name}_FILE`)
    return [
      ...Option.toArray(direct).map(
        (text) => ({ source: name, text: Redacted.value(text) === "" ? empty : text }) as const
      ),
      ...Option.toArray(file).map(
        (path) => ({ source: `${name}_FILE`, text: readFile(Redacted.value(path)) }) as const
      )
    ]
  })

const variable = (name: string) =>
  Config.option(Config.redacted(name)).pipe(
    Effect.orElseSucceed(() => Option.none<Redacted.Redacted<string>>())
  )

const empty = { outcome: "empty" } as const

/** The file's text without its one final newline, LF or CRLF. */
const readFile = (path: string): Variable["text"] => {
  try {
    const bytes = Fs.readFileSync(path)
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes)
      .replace(/\r?\n$/, "")
    bytes.fill(0)
    return text === "" ? empty : Redacted.make(text)
  } catch (cause) {
    // The path is not told: somebody may have put the passphrase itself there.
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
    const because = code.startsWith("ERR_") ? "it is not UTF-8" : explain(code)
    return { outcome: "unreadable", because }
  }
}
