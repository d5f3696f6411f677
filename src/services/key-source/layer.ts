import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import {
  type Attempt,
  EnvironmentReplaced,
  type KeyCacheUnavailable,
  KeyNotTrusted,
  NoKeyFits
} from "../../domain/errors/keys.ts"
import * as Key from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { Salt } from "../../domain/salt.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import { Cipher } from "../cipher/cipher.ts"
import { KeyCache } from "../key-cache/key-cache.ts"
import { KeyDerivation } from "../key-derivation/key-derivation.ts"
import { KeyPins } from "../key-pins/key-pins.ts"
import { PassphraseWords } from "../passphrase-words/passphrase-words.ts"
import { Terminal } from "../terminal/terminal.ts"
import {
  derive,
  readVariables,
  tryKey,
  tryKeyVariables,
  tryPassphraseVariables,
  tryPrompt
} from "./attempts.ts"
import { KeySource } from "./key-source.ts"
import * as Prompts from "./prompts.ts"

type Dependencies = Cipher | KeyCache | KeyDerivation | KeyPins | PassphraseWords | Terminal

/** Only these: the layer's whole context includes its scope, and keys would then live as long as the layer. */
const pickDependencies = Context.pick(Cipher, KeyCache, KeyDerivation, KeyPins, PassphraseWords, Terminal)

/** Variables are read through the current ConfigProvider. */
export const layer: Layer.Layer<KeySource, never, Dependencies> = Layer.effect(
  KeySource,
  Effect.map(Effect.map(Effect.context<Dependencies>(), pickDependencies), (context) => ({
    unlock: (name, environment, options) => Effect.provide(unlock(name, environment, options), context),
    establish: (name, salt, options) =>
      Effect.map(Effect.provide(establish(name, salt, options), context), ({ key, remember }) => ({
        key,
        remember: Effect.provide(remember, context)
      })),
    passphrase: (name, environment) => Effect.provide(findPassphrase(name, environment), context),
    choosePassphrase: (name, introduction) =>
      Effect.provide(Prompts.newPassphrase(name, introduction), context),
    remember: (name, salt, key) => Effect.provide(remember(name, salt, key), context)
  }))
)

/** The order of sources matters: what was set for this process comes before any key that the file could choose. */
const unlock = Effect.fn("KeySource.unlock")(function* (
  name: EnvironmentName,
  environment: Environment,
  { ask }: { readonly ask: boolean }
) {
  const { salt } = environment
  const attempts: Array<Attempt> = []
  const given = yield* tryKeyVariables(environment, attempts)
  if (Option.isSome(given)) return given.value

  const { pinned, key: cached, failed } = yield* recallIfPossible(name, salt)
  if (failed !== undefined) {
    const because = `${failed.location}: ${failed.because}`
    attempts.push({ source: "cache", outcome: "out-of-reach", because })
  } else if (Option.isNone(cached)) attempts.push({ source: "cache", outcome: "absent" })
  if (Option.isSome(cached) && pinned === "here") {
    const unlocked = yield* tryKey("cache", cached.value, environment, attempts)
    if (Option.isSome(unlocked)) return unlocked.value
  }

  const known = yield* tryPassphraseVariables(environment, attempts)
  if (Option.isSome(known)) return known.value.unlocked
  // Without the pins, a prompt could hand another project's passphrase to this file, and its key could not be kept.
  if (failed !== undefined) return yield* new NoKeyFits({ environment: name, attempts })

  if (pinned === "elsewhere") return yield* failReplaced(name, salt)
  if (Option.isSome(cached) && pinned === "nowhere") {
    yield* requireTrust(name, salt, ask)
    const unlocked = yield* tryKey("cache", cached.value, environment, attempts)
    if (Option.isSome(unlocked)) {
      yield* remember(name, salt, cached.value)
      return unlocked.value
    }
  }

  if (ask) {
    const typed = yield* tryPrompt(name, environment, attempts)
    if (Option.isSome(typed)) {
      yield* remember(name, salt, typed.value.unlocked.key)
      return typed.value.unlocked
    }
  }
  return yield* new NoKeyFits({ environment: name, attempts })
})

/** An explicit passphrase comes before the cache: there is no value to try a key on. */
const establish = Effect.fn("KeySource.establish")(function* (
  name: EnvironmentName,
  salt: Salt,
  { isNew }: { readonly isNew: boolean }
) {
  const attempts: Array<Attempt> = []
  for (const { source, text } of yield* readVariables("TAKO_PASSPHRASE")) {
    if (Redacted.isRedacted(text)) {
      const key = yield* derive(text, salt)
      return { key, remember: isNew ? remember(name, salt, key) : Effect.void }
    }
    attempts.push({ source, ...text })
  }
  if (!isNew) {
    const { pinned, key } = yield* recall(name, salt)
    if (pinned === "elsewhere") return yield* failReplaced(name, salt)
    if (pinned === "here" && Option.isSome(key)) return { key: key.value, remember: Effect.void }
    attempts.push({ source: "cache", outcome: "absent" })
  }
  const terminal = yield* Terminal
  if (!(yield* terminal.isThere)) {
    attempts.push({ source: "prompt", outcome: "no-terminal" })
    return yield* new NoKeyFits({
      environment: name,
      attempts,
      ...omitUndefined({ wanted: isNew ? "new-passphrase" : undefined })
    })
  }
  const passphrase = yield* isNew
    ? Prompts.newPassphrase(
        name,
        `Creating environment ${name}. Choose a passphrase; share it with your team once.`
      )
    : Prompts.passphraseTwice(name)
  const key = yield* derive(passphrase, salt)
  return { key, remember: remember(name, salt, key) }
})

const findPassphrase = Effect.fn("KeySource.passphrase")(function* (
  name: EnvironmentName,
  environment: Environment
) {
  const attempts: Array<Attempt> = []
  const given = yield* tryPassphraseVariables(environment, attempts)
  if (Option.isSome(given)) return given.value
  const typed = yield* tryPrompt(name, environment, attempts)
  if (Option.isSome(typed)) return typed.value
  return yield* new NoKeyFits({ environment: name, attempts, wanted: "passphrase" })
})

/**
 * The cached key, overwritten when the scope closes, and where the environment is pinned: "here" to this key, "elsewhere"
 * to another one.
 */
const recall = Effect.fnUntraced(function* (name: EnvironmentName, salt: Salt) {
  const cache = yield* KeyCache
  const pins = yield* KeyPins
  const id = (yield* Cipher).keyIdOf(salt)
  const ids = yield* pins.of(name)
  const key = yield* Effect.acquireRelease(
    cache.find(id),
    Option.match({ onNone: () => Effect.void, onSome: (key) => Effect.sync(() => Key.wipe(key)) })
  )
  const pinned = ids.length === 0 ? "nowhere" : ids.includes(id) ? "here" : "elsewhere"
  return { pinned, key } as const
})

/** A key cache that cannot be read (sudo, a container's user) is no obstacle where a passphrase that fits was set. */
const recallIfPossible = (name: EnvironmentName, salt: Salt) =>
  recall(name, salt).pipe(
    Effect.map((remembered) => ({ ...remembered, failed: undefined })),
    Effect.catchIf(
      (error): error is KeyCacheUnavailable =>
        error._tag === "KeyCacheUnavailable" && error.reason === "failed",
      (failed) => Effect.succeed({ pinned: "nowhere", key: Option.none<Key.Key>(), failed } as const)
    )
  )

const remember = Effect.fnUntraced(function* (name: EnvironmentName, salt: Salt, key: Key.Key) {
  const cache = yield* KeyCache
  const pins = yield* KeyPins
  const id = (yield* Cipher).keyIdOf(salt)
  const location = yield* cache.keep(id, key)
  yield* pins.pin(name, [id])
  return location
})

const environmentsWithKey = (salt: Salt) =>
  Effect.flatMap(Effect.all([Cipher, KeyPins]), ([cipher, pins]) =>
    pins.environmentsPinnedTo(cipher.keyIdOf(salt))
  )

const failReplaced = (name: EnvironmentName, salt: Salt) =>
  Effect.flatMap(
    environmentsWithKey(salt),
    (origins) => new EnvironmentReplaced({ environment: name, origins })
  )

const requireTrust = Effect.fnUntraced(function* (name: EnvironmentName, salt: Salt, ask: boolean) {
  const terminal = yield* Terminal
  const origins = yield* environmentsWithKey(salt)
  const trusted = ask && (yield* terminal.isThere) && (yield* Prompts.confirmTrust(name, origins))
  if (!trusted) return yield* new KeyNotTrusted({ environment: name, origins })
})
