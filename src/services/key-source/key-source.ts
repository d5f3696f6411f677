import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type {
  DerivationFailed,
  EnvironmentReplaced,
  KeyCacheUnsafe,
  KeyNotTrusted,
  KeySourceName,
  NoKeyFits
} from "../../domain/errors/keys.ts"
import type { FileFailed, FileLocked } from "../../domain/errors/secrets-file.ts"
import type { EntriesDiffer, Interrupted, NoTerminal } from "../../domain/errors/user.ts"
import type { Key } from "../../domain/key.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { Salt } from "../../domain/salt.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import type { Opened } from "../cipher/cipher.ts"

/** A key that opens at least one value of the environment (or any key, where it has none), and what it opens. */
export interface Unlocked {
  readonly key: Key
  readonly source: KeySourceName
  readonly opened: ReadonlyMap<SecretName, Opened>
  readonly unopened: ReadonlyArray<SecretName>
}

export type KeySourceError =
  | NoKeyFits
  | KeyNotTrusted
  | EnvironmentReplaced
  | KeyCacheUnsafe
  | DerivationFailed
  | FileFailed
  | FileLocked
  | NoTerminal
  | Interrupted
  | EntriesDiffer

/** Finds the key of an environment; keys are overwritten when the scope closes. */
export class KeySource extends Context.Tag("tako/KeySource")<
  KeySource,
  {
    /**
     * The first that fits of TAKO_KEY, TAKO_KEY_FILE, this machine's cache (only where pinned), TAKO_PASSPHRASE,
     * TAKO_PASSPHRASE_FILE, and, if `ask`, a prompt (whose key is then cached and pinned).
     */
    readonly unlock: (
      name: EnvironmentName,
      environment: Environment,
      options: { readonly ask: boolean }
    ) => Effect.Effect<Unlocked, KeySourceError, Scope.Scope>
    /**
     * The key for a salt under which nothing is sealed yet: TAKO_PASSPHRASE, TAKO_PASSPHRASE_FILE, the pinned cached
     * key, or a prompt that asks twice. It is cached and pinned.
     */
    readonly establish: (
      name: EnvironmentName,
      salt: Salt,
      options: { readonly suggest: boolean }
    ) => Effect.Effect<Key, KeySourceError, Scope.Scope>
    /** The passphrase alone, for joining and for sealing anew under the same one: never from the cache. */
    readonly passphrase: (
      name: EnvironmentName,
      environment: Environment
    ) => Effect.Effect<
      { readonly passphrase: Redacted.Redacted<string>; readonly unlocked: Unlocked },
      KeySourceError,
      Scope.Scope
    >
  }
>() {}
