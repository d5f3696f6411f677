import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { EntriesDiffer } from "../../domain/errors/user.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { weakness } from "../../domain/passphrase.ts"
import { PassphraseWords } from "../passphrase-words/passphrase-words.ts"
import { Terminal } from "../terminal/terminal.ts"

/** Asks again after a lone Enter: no environment has an empty passphrase. */
export const passphrase = Effect.fnUntraced(function* (name: EnvironmentName) {
  const terminal = yield* Terminal
  while (true) {
    const typed = yield* terminal.askHidden(`Passphrase for environment ${name}: `)
    if (Redacted.value(typed) !== "") return typed
    yield* terminal.show("Nothing was typed. Press Ctrl-C to quit.")
  }
})

export const passphraseTwice = (name: EnvironmentName) => Effect.flatMap(passphrase(name), confirmEntry)

/** Suggests a passphrase, which Enter accepts. Any other has to be typed twice, with a warning if it is weak. */
export const newPassphrase = Effect.fnUntraced(function* (name: EnvironmentName, introduction: string) {
  const terminal = yield* Terminal
  const words = yield* PassphraseWords
  const suggestion = yield* words.suggest
  yield* terminal.show(introduction)
  yield* terminal.show(`Suggestion: ${Redacted.value(suggestion)}`)
  const first = yield* terminal.askHidden(`Passphrase for environment ${name} (press Enter to use it): `)
  if (Redacted.value(first) === "") return suggestion
  const weak = weakness(first)
  if (Option.isSome(weak)) {
    yield* terminal.show(`That one is weak: ${weak.value}. Anyone who has the file can keep guessing.`)
  }
  return yield* confirmEntry(first)
})

/** Asks whether a key that is known from other projects may be used in this one. */
export const confirmTrust = (name: EnvironmentName, origins: ReadonlyArray<string>) =>
  Effect.flatMap(Terminal, (terminal) =>
    terminal.confirm(
      `This machine has a key for environment ${name}, but it belongs to ${origins.join(", ") || "an unknown project"}. ` +
        "Is this the same project?",
      { default: false }
    )
  )

const confirmEntry = Effect.fnUntraced(function* (first: Redacted.Redacted<string>) {
  const terminal = yield* Terminal
  const second = yield* terminal.askHidden("Repeat the passphrase: ")
  if (Redacted.value(first) !== Redacted.value(second)) return yield* new EntriesDiffer()
  return first
})
