import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { admissionToUse, type Purpose } from "../../domain/admission.ts"
import {
  type Attempt,
  EnvironmentReplaced,
  EnvironmentUnbound,
  KeyCacheUnavailable,
  KeyNotTrusted,
  NoKeyFits
} from "../../domain/errors/keys.ts"
import * as Key from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { Pin } from "../../domain/pins.ts"
import type { Salt } from "../../domain/salt.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import { Cipher } from "../cipher/cipher.ts"
import { KeyCache } from "../key-cache/key-cache.ts"
import { KeyDerivation } from "../key-derivation/key-derivation.ts"
import { KeyPins } from "../key-pins/key-pins.ts"
import { PassphraseWords } from "../passphrase-words/passphrase-words.ts"
import { Terminal } from "../terminal/terminal.ts"
import { allowedUnbound } from "./allow-unbound.ts"
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
  const admitted = yield* admit(name, environment.salt, purpose)
  const unlocked = yield* findKey(name, environment, ask, admitted)
  yield* settle(name, environment.salt, admitted)
  return unlocked
})

const findKey = Effect.fnUntraced(function* (
  name: EnvironmentName,
  environment: Environment,
  ask: boolean,
  admitted: Admitted
) {
  const { salt } = environment
  const attempts: Array<Attempt> = []
  const given = yield* tryKeyVariables(environment, attempts)
  if (Option.isSome(given)) return given.value

  const { key: cached, failed = admitted.failed } = yield* recall(salt)
  if (failed !== undefined) {
    const because = `${failed.location}: ${failed.because}`
    attempts.push({ source: "cache", outcome: "out-of-reach", because })
  } else if (Option.isNone(cached)) attempts.push({ source: "cache", outcome: "absent" })
  if (Option.isSome(cached) && admitted.isPinned) {
    const unlocked = yield* tryKey("cache", cached.value, environment, attempts)
    if (Option.isSome(unlocked)) return unlocked.value
  }

  const known = yield* tryPassphraseVariables(environment, attempts)
  if (Option.isSome(known)) return known.value.unlocked
  // Without the pins, a prompt could hand another project's passphrase to this file, and its key could not be kept.
  if (failed !== undefined) return yield* new NoKeyFits({ environment: name, attempts })

  if (Option.isSome(cached) && !admitted.isPinned) {
    yield* requireTrust(name, salt, ask)
    const unlocked = yield* tryKey("cache", cached.value, environment, attempts)
    if (Option.isSome(unlocked)) {
      if (admitted.mayKeep) yield* remember(name, salt, cached.value)
      return unlocked.value
    }
  }

  if (ask) {
    const typed = yield* tryPrompt(name, environment, attempts)
    if (Option.isSome(typed)) {
      if (admitted.mayKeep) yield* remember(name, salt, typed.value.unlocked.key)
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
  const admitted = isNew ? created : yield* admit(name, salt, purpose)
  for (const { source, text } of yield* readVariables("TAKO_PASSPHRASE")) {
    if (Redacted.isRedacted(text)) {
      const key = yield* derive(text, salt)
      return { key, remember: isNew ? remember(name, salt, key) : Effect.void }
    }
    attempts.push({ source, ...text })
  }
  if (!isNew) {
    const { key, failed = admitted.failed } = yield* recall(salt)
    if (failed !== undefined) return yield* failed
    if (admitted.isPinned && Option.isSome(key)) return { key: key.value, remember: Effect.void }
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
  yield* admit(name, environment.salt, purpose)
  const given = yield* tryPassphraseVariables(environment, attempts)
  if (Option.isSome(given)) return given.value
  const typed = yield* tryPrompt(name, environment, attempts)
  if (Option.isSome(typed)) return typed.value
  return yield* new NoKeyFits({ environment: name, attempts, wanted: "passphrase" })
})

/** What this machine remembers of an environment that it may use; `failed` if the pins cannot be read. */
interface Admitted {
  readonly pins: ReadonlyArray<Pin>
  readonly isPinned: boolean
  /** False for what is only opened to be bound: nobody has agreed to use it as it is. */
  readonly mayKeep: boolean
  readonly failed?: KeyCacheUnavailable
}

const created: Admitted = { pins: [], isPinned: false, mayKeep: true }

/**
 * Refuses a salt other than the pinned one, and to use an unmarked one that nobody has agreed to. Pins that cannot be read
 * (sudo, a container's user) are no obstacle where a key or passphrase that fits was set: whoever writes to the repository
 * cannot bring that about.
 */
const admit = Effect.fnUntraced(function* (name: EnvironmentName, salt: Salt, purpose: Purpose) {
  const { of } = yield* KeyPins
  const { keyIdOf, isMarked } = yield* Cipher
  const read = yield* unlessOutOfReach(of(name))
  const pins = read._tag === "Read" ? read.value : []
  const id = keyIdOf(salt)
  const marked = isMarked(salt)
  const allowed = marked ? nothingAllowed : yield* allowedUnbound
  switch (purpose === "join" ? "admitted" : admissionToUse({ id, marked, pins, allowed: allowed.ids })) {
    case "replaced":
      return yield* new EnvironmentReplaced({ environment: name, origins: yield* environmentsWithKey(salt) })
    case "unbound":
      // A rotation binds the values; programs/key/admission.ts decides whether it may.
      if (purpose === "use") {
        return yield* new EnvironmentUnbound({
          environment: name,
          keyId: id,
          isPinned: pins.length > 0,
          allowsOthers: allowed.isSet
        })
      }
  }
  return {
    pins,
    isPinned: pins.some((pin) => pin.id === id),
    mayKeep: marked || purpose !== "rebind",
    ...(read._tag === "Failed" && { failed: read.failed })
  } satisfies Admitted as Admitted
})

const nothingAllowed = { ids: [], isSet: false }

/**
 * A file that has the last of several pinned keys is from after the rotation that had pinned them all, so the earlier ones
 * are no longer accepted: an old version may be unbound.
 */
const settle = Effect.fnUntraced(function* (name: EnvironmentName, salt: Salt, { pins }: Admitted) {
  const last = pins.at(-1)
  if (pins.length < 2 || last?.id !== (yield* Cipher).keyIdOf(salt)) return
  const { pin } = yield* KeyPins
  yield* Effect.ignore(pin(name, [last]))
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

/** Whoever lets an unmarked environment's key be kept has agreed to use it. */
const remember = Effect.fnUntraced(function* (name: EnvironmentName, salt: Salt, key: Key.Key) {
  const cache = yield* KeyCache
  const pins = yield* KeyPins
  const { keyIdOf, isMarked } = yield* Cipher
  const id = keyIdOf(salt)
  const location = yield* cache.keep(id, key)
  yield* pins.pin(name, [{ id, unbound: !isMarked(salt) }])
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
