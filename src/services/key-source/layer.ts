import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Purpose } from "../../domain/admission.ts"
import {
  type Attempt,
  EnvironmentReplaced,
  KeyCacheUnavailable,
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
import { type EstablishOptions, KeySource, type UnlockOptions } from "./key-source.ts"
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
    passphrase: (name, environment, purpose) =>
      Effect.provide(findPassphrase(name, environment, purpose), context),
    choosePassphrase: (name, introduction) =>
      Effect.provide(Prompts.newPassphrase(name, introduction), context),
    remember: (name, salt, key) => Effect.provide(remember(name, salt, key), context)
  }))
)

/** The pins come before every source: they are all that the file does not choose, neither its salt nor what it holds. */
const unlock = Effect.fn("KeySource.unlock")(function* (
  name: EnvironmentName,
  environment: Environment,
  { ask, purpose = "use" }: UnlockOptions
) {
  const { salt } = environment
  const attempts: Array<Attempt> = []
  const pinned = yield* requirePinned(name, salt, purpose)
  const given = yield* tryKeyVariables(environment, attempts)
  if (Option.isSome(given)) return given.value

  const { key: cached, failed = pinned.failed } = yield* recall(salt)
  if (failed !== undefined) {
    const because = `${failed.location}: ${failed.because}`
    attempts.push({ source: "cache", outcome: "out-of-reach", because })
  } else if (Option.isNone(cached)) attempts.push({ source: "cache", outcome: "absent" })
  if (Option.isSome(cached) && pinned.here) {
    const unlocked = yield* tryKey("cache", cached.value, environment, attempts)
    if (Option.isSome(unlocked)) return unlocked.value
  }

  const known = yield* tryPassphraseVariables(environment, attempts)
  if (Option.isSome(known)) return known.value.unlocked
  // Without the pins, a prompt could hand another project's passphrase to this file, and its key could not be kept.
  if (failed !== undefined) return yield* new NoKeyFits({ environment: name, attempts })

  if (Option.isSome(cached) && !pinned.here) {
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
  { isNew, purpose = "use" }: EstablishOptions
) {
  const attempts: Array<Attempt> = []
  const pinned = isNew ? unpinned : yield* requirePinned(name, salt, purpose)
  for (const { source, text } of yield* readVariables("TAKO_PASSPHRASE")) {
    if (Redacted.isRedacted(text)) {
      const key = yield* derive(text, salt)
      return { key, remember: isNew ? remember(name, salt, key) : Effect.void }
    }
    attempts.push({ source, ...text })
  }
  if (!isNew) {
    const { key, failed = pinned.failed } = yield* recall(salt)
    if (failed !== undefined) return yield* failed
    if (pinned.here && Option.isSome(key)) return { key: key.value, remember: Effect.void }
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
  environment: Environment,
  purpose: Purpose
) {
  const attempts: Array<Attempt> = []
  yield* requirePinned(name, environment.salt, purpose)
  const given = yield* tryPassphraseVariables(environment, attempts)
  if (Option.isSome(given)) return given.value
  const typed = yield* tryPrompt(name, environment, attempts)
  if (Option.isSome(typed)) return typed.value
  return yield* new NoKeyFits({ environment: name, attempts, wanted: "passphrase" })
})

/** What the pins say about an environment's salt; `failed` if they cannot be read. */
interface Pinned {
  readonly here: boolean
  readonly failed?: KeyCacheUnavailable
}

const unpinned: Pinned = { here: false }

/**
 * Refuses a salt other than the pinned one. Pins that cannot be read (sudo, a container's user) are no obstacle where a
 * key or passphrase that fits was set: whoever writes to the repository cannot bring that about.
 */
const requirePinned = Effect.fnUntraced(function* (name: EnvironmentName, salt: Salt, purpose: Purpose) {
  const pins = yield* KeyPins
  const id = (yield* Cipher).keyIdOf(salt)
  const read = yield* unlessOutOfReach(pins.of(name))
  if (read._tag === "Failed") return { here: false, failed: read.failed } satisfies Pinned as Pinned
  const here = read.value.includes(id)
  if (purpose !== "join" && read.value.length > 0 && !here) {
    return yield* new EnvironmentReplaced({ environment: name, origins: yield* environmentsWithKey(salt) })
  }
  return { here } satisfies Pinned as Pinned
})

/** The cached key, overwritten when the scope closes; `failed` if the cache cannot be read. */
const recall = Effect.fnUntraced(function* (salt: Salt) {
  const cache = yield* KeyCache
  const id = (yield* Cipher).keyIdOf(salt)
  const found = yield* unlessOutOfReach(
    Effect.acquireRelease(
      cache.find(id),
      Option.match({ onNone: () => Effect.void, onSome: (key) => Effect.sync(() => Key.wipe(key)) })
    )
  )
  return found._tag === "Failed"
    ? { key: Option.none<Key.Key>(), failed: found.failed }
    : { key: found.value, failed: undefined }
})

/** Sets apart what this user has no access to. What others could have changed stays an error. */
const unlessOutOfReach = <A, E, R>(read: Effect.Effect<A, E | KeyCacheUnavailable, R>) =>
  read.pipe(
    Effect.map((value) => ({ _tag: "Read", value }) as const),
    Effect.catchIf(isOutOfReach, (failed) => Effect.succeed({ _tag: "Failed", failed } as const))
  )

const isOutOfReach = (error: unknown): error is KeyCacheUnavailable =>
  error instanceof KeyCacheUnavailable && error.reason === "failed"

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

const requireTrust = Effect.fnUntraced(function* (name: EnvironmentName, salt: Salt, ask: boolean) {
  const terminal = yield* Terminal
  const origins = yield* environmentsWithKey(salt)
  const trusted = ask && (yield* terminal.isThere) && (yield* Prompts.confirmTrust(name, origins))
  if (!trusted) return yield* new KeyNotTrusted({ environment: name, origins })
})
