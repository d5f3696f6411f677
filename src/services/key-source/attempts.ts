import * as Fs from "node:fs"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { explain } from "../../domain/errors/files.ts"
import type { Attempt, KeySourceName } from "../../domain/errors/keys.ts"
import * as Key from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { spellings } from "../../domain/passphrase.ts"
import type { Salt } from "../../domain/salt.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import { decodeUtf8 } from "../../domain/utf8.ts"
import { fits, openAll } from "../cipher/cipher.ts"
import { KeyDerivation } from "../key-derivation/key-derivation.ts"
import { Terminal } from "../terminal/terminal.ts"
import type { KnownPassphrase, Unlocked } from "./key-source.ts"
import * as Prompts from "./prompts.ts"

/** How many wrong passphrases may be typed. */
const maxTries = 3

/** Some when the key opens at least one value. Otherwise the attempt is recorded. */
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
  for (const { source, text } of yield* readVariables("TAKO_KEY")) {
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
  for (const { source, text } of yield* readVariables("TAKO_PASSPHRASE")) {
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
  for (let tries = 1; tries <= maxTries; tries++) {
    const typed = yield* Prompts.passphrase(name)
    const known = yield* tryPassphrase("prompt", typed, environment, attempts)
    if (Option.isSome(known)) return known
    yield* terminal.show(`Wrong passphrase for ${name}.${tries < maxTries ? " Try again." : ""}`)
  }
  return Option.none<KnownPassphrase>()
})

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
  // A byte order mark is white space, too (ECMA-262, 12.2).
  const because = text === text.trim() ? undefined : "its leading or trailing white space is part of it"
  attempts.push({ source, outcome: "opens-nothing", ...omitUndefined({ because }) })
  return Option.none<KnownPassphrase>()
})

/** The key is overwritten when the scope closes. */
export const derive = Effect.fnUntraced(function* (passphrase: Redacted.Redacted<string>, salt: Salt) {
  const derivation = yield* KeyDerivation
  return yield* Effect.acquireRelease(derivation.derive(passphrase, salt), (key) =>
    Effect.sync(() => Key.wipe(key))
  )
})

/** A variable that is set: its text, or why the text is not available. */
interface Variable {
  readonly source: KeySourceName
  readonly text: Redacted.Redacted<string> | Omit<Attempt, "source">
}

/** NAME, then the content of the file at NAME_FILE, as far as they are set. */
export const readVariables = (name: "TAKO_KEY" | "TAKO_PASSPHRASE"): Effect.Effect<ReadonlyArray<Variable>> =>
  Effect.gen(function* () {
    const direct = yield* readVariable(name)
    const file = yield* readVariable(`${name}_FILE`)
    return [
      ...Option.toArray(direct).map(
        (text) => ({ source: name, text: Redacted.value(text) === "" ? empty : text }) as const
      ),
      ...Option.toArray(file).map(
        (path) => ({ source: `${name}_FILE`, text: readTextFile(Redacted.value(path)) }) as const
      )
    ]
  })

const readVariable = (name: string) =>
  Config.option(Config.redacted(name)).pipe(
    Effect.orElseSucceed(() => Option.none<Redacted.Redacted<string>>())
  )

const empty = { outcome: "empty" } as const

/** One final newline, LF or CRLF, is not part of the text. */
const readTextFile = (path: string): Variable["text"] => {
  try {
    const bytes = Fs.readFileSync(path)
    const decoded = decodeUtf8(bytes)
    bytes.fill(0)
    if (Option.isNone(decoded)) return { outcome: "unreadable", because: "it is not UTF-8" }
    const text = decoded.value.replace(/\r?\n$/, "")
    return text === "" ? empty : Redacted.make(text)
  } catch (cause) {
    // The path stays out of the message: somebody may have put the passphrase itself there.
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
    return { outcome: "unreadable", because: explain(code) }
  }
}
