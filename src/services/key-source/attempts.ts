import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Attempt, KeySourceName } from "../../domain/errors/keys.ts"
import * as Key from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Salt } from "../../domain/salt.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import { fits, openAll } from "../cipher/opening.ts"
import { KeyDerivation } from "../key-derivation/key-derivation.ts"
import { Terminal } from "../terminal/terminal.ts"
import type { KnownPassphrase, Unlocked } from "./key-source.ts"
import * as Questions from "./questions.ts"
import { spellings } from "./spellings.ts"
import * as Variables from "./variables.ts"

/** How often a passphrase is asked for when it opens nothing. */
const maxTries = 3

/** Overwritten when the scope closes. */
export const derive = Effect.fnUntraced(function* (passphrase: Redacted.Redacted<string>, salt: Salt) {
  const derivation = yield* KeyDerivation
  return yield* Effect.acquireRelease(derivation.derive(passphrase, salt), (key) =>
    Effect.sync(() => Key.wipe(key))
  )
})

/** Some, when the key opens at least one value; else it is noted. */
export const tryKey = Effect.fnUntraced(function* (
  source: KeySourceName,
  key: Key.Key,
  environment: Environment,
  attempts: Array<Attempt>
) {
  const opening = yield* openAll(key, environment)
  if (fits(opening)) return Option.some<Unlocked>({ ...opening, source })
  attempts.push({ source, outcome: "opens-nothing" })
  return Option.none<Unlocked>()
})

export const tryKeyVariables = Effect.fnUntraced(function* (
  environment: Environment,
  attempts: Array<Attempt>
) {
  for (const { source, text } of yield* Variables.read("TAKO_KEY")) {
    const given = Redacted.isRedacted(text)
    const key = given ? Key.fromBase64(text) : Option.none()
    if (Option.isNone(key)) {
      attempts.push({ source, ...(given ? { outcome: "not-a-key" } : text) })
      continue
    }
    yield* Effect.addFinalizer(() => Effect.sync(() => Key.wipe(key.value)))
    const unlocked = yield* tryKey(source, key.value, environment, attempts)
    if (Option.isSome(unlocked)) return unlocked
  }
  return Option.none<Unlocked>()
})

export const tryPassphraseVariables = Effect.fnUntraced(function* (
  environment: Environment,
  attempts: Array<Attempt>
) {
  for (const { source, text } of yield* Variables.read("TAKO_PASSPHRASE")) {
    if (!Redacted.isRedacted(text)) {
      attempts.push({ source, ...text })
      continue
    }
    const known = yield* tryPassphrase(source, text, environment, attempts)
    if (Option.isSome(known)) return known
  }
  return Option.none<KnownPassphrase>()
})

export const tryPrompt = Effect.fnUntraced(function* (
  name: EnvironmentName,
  environment: Environment,
  attempts: Array<Attempt>
) {
  const terminal = yield* Terminal
  if (!(yield* terminal.isThere)) {
    attempts.push({ source: "prompt", outcome: "no-terminal" })
    return Option.none<KnownPassphrase>()
  }
  for (let tries = 0; tries < maxTries; tries++) {
    const typed = yield* Questions.passphrase(name)
    const known = yield* tryPassphrase("prompt", typed, environment, attempts)
    if (Option.isSome(known)) return known
    yield* terminal.show(`That opens no value of environment ${name}.`)
  }
  return Option.none<KnownPassphrase>()
})

/** As typed, then as the team's other keyboards would have written it. */
const tryPassphrase = Effect.fnUntraced(function* (
  source: KeySourceName,
  typed: Redacted.Redacted<string>,
  environment: Environment,
  attempts: Array<Attempt>
) {
  for (const passphrase of spellings(typed)) {
    const key = yield* derive(passphrase, environment.salt)
    const unlocked = yield* tryKey(source, key, environment, [])
    if (Option.isSome(unlocked)) {
      return Option.some<KnownPassphrase>({ passphrase, unlocked: unlocked.value })
    }
  }
  const text = Redacted.value(typed)
  attempts.push({
    source,
    outcome: "opens-nothing",
    // A byte order mark is white space, too (ECMA-262, 12.2).
    ...(text === text.trim() ? {} : { because: "the white space that it begins or ends with is part of it" })
  })
  return Option.none<KnownPassphrase>()
})
