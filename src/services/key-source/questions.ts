import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { EntriesDiffer } from "../../domain/errors/user.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { weakness } from "../../domain/passphrase.ts"
import { PassphraseWords } from "../passphrase-words/passphrase-words.ts"
import { Terminal } from "../terminal/terminal.ts"

/** Asked again where there is nothing but Enter: no environment has that for a passphrase. */
export const passphrase = Effect.fnUntraced(function* (name: EnvironmentName) {
  const terminal = yield* Terminal
  while (true) {
    const typed = yield* terminal.askHidden(`Passphrase for environment ${name}: `)
    if (Redacted.value(typed) !== "") return typed
    yield* terminal.show("Nothing was typed. Ctrl-C leaves.")
  }
})

export const passphraseTwice = (name: EnvironmentName) => Effect.flatMap(passphrase(name), again)

/** Shows a suggestion, which Enter alone takes; another one is asked for twice, and a weak one remarked on. */
export const newPassphrase = Effect.fnUntraced(function* (name: EnvironmentName, introduction: string) {
  const terminal = yield* Terminal
  const words = yield* PassphraseWords
  const suggestion = yield* words.suggest
  yield* terminal.show(introduction)
  yield* terminal.show(`A strong one: ${Redacted.value(suggestion)}`)
  const first = yield* terminal.askHidden(`Passphrase for environment ${name} (Enter takes that one): `)
  if (Redacted.value(first) === "") return suggestion
  const weak = weakness(first)
  if (Option.isSome(weak)) {
    yield* terminal.show(`That one is weak: ${weak.value}. Whoever has the file can guess at it for ever.`)
  }
  return yield* again(first)
})

/** Whether the key of other projects may be used here. */
export const trust = (name: EnvironmentName, origins: ReadonlyArray<string>) =>
  Effect.flatMap(Terminal, (terminal) =>
    terminal.confirm(
      `Environment ${name} fits a key that this machine keeps for ${origins.join(", ") || "an unknown project"}. ` +
        "Is that this project too?",
      { default: false }
    )
  )

const again = Effect.fnUntraced(function* (first: Redacted.Redacted<string>) {
  const terminal = yield* Terminal
  const second = yield* terminal.askHidden("The same again: ")
  if (Redacted.value(first) !== Redacted.value(second)) return yield* new EntriesDiffer()
  return first
})
