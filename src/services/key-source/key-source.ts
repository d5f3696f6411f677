import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Purpose } from "../../domain/admission.ts"
import type { FileLocked } from "../../domain/errors/files.ts"
import type {
  DerivationFailed,
  EnvironmentReplaced,
  EnvironmentUnbound,
  KeyCacheUnavailable,
  KeyNotTrusted,
  KeySourceName,
  NoKeyFits
} from "../../domain/errors/keys.ts"
import type { ValueRefused } from "../../domain/errors/secrets.ts"
import type { EntriesDiffer, Interrupted } from "../../domain/errors/user.ts"
import type { Key } from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Salt } from "../../domain/salt.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import type { Opening } from "../cipher/cipher.ts"

/** A key that opens at least one value of the environment, what it opens, and where it came from. */
export interface Unlocked extends Opening {
  readonly source: KeySourceName
}

export type RememberError = KeyCacheUnavailable | FileLocked

export type KeySourceError =
  | RememberError
  | NoKeyFits
  | KeyNotTrusted
  | EnvironmentReplaced
  | EnvironmentUnbound
  | DerivationFailed
  | Interrupted
  | EntriesDiffer
  | ValueRefused

/** A passphrase that opens the environment, in the spelling that does. */
export interface KnownPassphrase {
  readonly passphrase: Redacted.Redacted<string>
  readonly unlocked: Unlocked
}

/** A key under which nothing is sealed yet; `remember` caches and pins it just before the file is written. */
export interface Established {
  readonly key: Key
  readonly remember: Effect.Effect<unknown, RememberError>
}

export interface UnlockOptions {
  /** Whether a person may be asked. */
  readonly ask: boolean
  /** "use" by default. */
  readonly purpose?: Purpose
}

export interface EstablishOptions {
  readonly isNew: boolean
  /** "use" by default. */
  readonly purpose?: Purpose
}

/** Finds the key of an environment; every key it returns is overwritten when the scope closes. */
export class KeySource extends Context.Tag("tako/KeySource")<
  KeySource,
  {
    /**
     * For an environment with values: the first that fits of TAKO_KEY, TAKO_KEY_FILE, this machine's cache (only where
     * pinned), TAKO_PASSPHRASE, TAKO_PASSPHRASE_FILE and, if `ask`, a prompt, whose key is then cached and pinned.
     * An environment that is pinned to another key is EnvironmentReplaced, whatever the source, except to join. One with an
     * unmarked salt is EnvironmentUnbound, except where its pin says that somebody agreed to it, or, without pins, where
     * TAKO_ALLOW_UNBOUND names its key; and except to join and to rebind, whose callers decide about it.
     */
    readonly unlock: (
      name: EnvironmentName,
      environment: Environment,
      options: UnlockOptions
    ) => Effect.Effect<Unlocked, KeySourceError, Scope.Scope>
    /**
     * For an environment without values: the key of TAKO_PASSPHRASE, TAKO_PASSPHRASE_FILE, the pinned cached one, or
     * that of a prompt, asked twice, with a suggestion when the environment is new.
     */
    readonly establish: (
      name: EnvironmentName,
      salt: Salt,
      options: EstablishOptions
    ) => Effect.Effect<Established, KeySourceError, Scope.Scope>
    /**
     * The passphrase that opens at least one value of the environment, from TAKO_PASSPHRASE, TAKO_PASSPHRASE_FILE or a
     * prompt. Nothing is remembered. The pins count as for `unlock`.
     */
    readonly passphrase: (
      name: EnvironmentName,
      environment: Environment,
      purpose: Purpose
    ) => Effect.Effect<KnownPassphrase, KeySourceError, Scope.Scope>
    /** A new passphrase, asked for twice, with a suggestion that Enter takes. */
    readonly choosePassphrase: (
      name: EnvironmentName,
      introduction: string
    ) => Effect.Effect<Redacted.Redacted<string>, KeySourceError>
    /**
     * Caches the key and pins it to the environment; says where it is cached, for people. For an unmarked salt the pin says
     * that somebody agreed to it, so call it only where somebody did.
     */
    readonly remember: (name: EnvironmentName, salt: Salt, key: Key) => Effect.Effect<string, RememberError>
  }
>() {}
