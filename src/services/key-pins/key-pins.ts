import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FileLocked } from "../../domain/errors/files.ts"
import type { KeyCacheUnavailable } from "../../domain/errors/keys.ts"
import type { KeyId } from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Pin } from "../../domain/pins.ts"

export type PinsError = KeyCacheUnavailable | FileLocked

/**
 * Which key belongs to which environment of this project, as this machine remembers it (`$TAKO_HOME/pins.json`).
 * The secrets file must not choose among the keys of a machine; the pins do.
 */
export class KeyPins extends Context.Tag("tako/KeyPins")<
  KeyPins,
  {
    /** Empty when not pinned; both the old and the new key during a rotation. */
    readonly of: (environment: EnvironmentName) => Effect.Effect<ReadonlyArray<Pin>, PinsError>
    readonly pin: (environment: EnvironmentName, keys: ReadonlyArray<Pin>) => Effect.Effect<void, PinsError>
    readonly unpin: (environment: EnvironmentName) => Effect.Effect<void, PinsError>
    /**
     * The keys before its rotations, which servers may still know it by, until all servers know the new one
     * (`$TAKO_HOME/rotated.json`). They no longer open anything.
     */
    readonly retired: (environment: EnvironmentName) => Effect.Effect<ReadonlyArray<KeyId>, PinsError>
    readonly retire: (
      environment: EnvironmentName,
      ids: ReadonlyArray<KeyId>
    ) => Effect.Effect<void, PinsError>
    /** All environments that are pinned to this key, as "<project> (<environment>)". */
    readonly environmentsPinnedTo: (id: KeyId) => Effect.Effect<ReadonlyArray<string>, PinsError>
  }
>() {}
