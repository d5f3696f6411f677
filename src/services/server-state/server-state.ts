import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import type { AppState } from "../../domain/app/app-state.ts"
import type { AuditEntry } from "../../domain/app/audit.ts"
import type { Revision } from "../../domain/app/release.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { DataUnsafe, RevisionUnreadable, StateDamaged } from "../../domain/errors/server.ts"

export type StateError = StateDamaged | DataUnsafe | FileFailed
export type RevisionError = RevisionUnreadable | DataUnsafe | FileFailed

/**
 * What a server keeps across restarts. An update takes three steps, and one that is interrupted has not happened: `stage` a
 * revision beside the current one, `write` the state that makes it current, `discard` what is no longer used. The caller
 * holds the app's lock.
 */
export class ServerState extends Context.Tag("tako/ServerState")<
  ServerState,
  {
    /** Sorted, including apps whose state is damaged. */
    readonly apps: Effect.Effect<ReadonlyArray<AppName>, DataUnsafe | FileFailed>
    /** None if the app has no state. */
    readonly read: (app: AppName) => Effect.Effect<Option.Option<AppState>, StateError>
    /** Replaces the state atomically and durably. */
    readonly write: (state: AppState) => Effect.Effect<void, StateError>
    /** Durably writes the secrets of a revision that is not current yet, replacing any staged before. */
    readonly stage: (
      app: AppName,
      revision: Revision,
      secrets: SecretSet
    ) => Effect.Effect<void, DataUnsafe | FileFailed>
    /** Fails if the revision does not open; it never returns an empty set instead. */
    readonly secrets: (app: AppName, revision: Revision) => Effect.Effect<SecretSet, RevisionError>
    /** Removes the secrets of a revision, if it has any. */
    readonly discard: (app: AppName, revision: Revision) => Effect.Effect<void, DataUnsafe | FileFailed>
    /** Removes the app and all of its secrets. Its audit trail stays. */
    readonly remove: (app: AppName) => Effect.Effect<void, DataUnsafe | FileFailed>
    /** Durably appends an entry to the app's audit trail. */
    readonly record: (app: AppName, entry: AuditEntry) => Effect.Effect<void, DataUnsafe | FileFailed>
    /** The latest audit entries, oldest first, also of an app that was removed. */
    readonly audit: (
      app: AppName,
      limit: number
    ) => Effect.Effect<ReadonlyArray<AuditEntry>, DataUnsafe | FileFailed>
  }
>() {}
