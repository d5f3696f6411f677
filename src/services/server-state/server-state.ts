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
 * What a server remembers. An update is three steps, and one that is cut off anywhere has not happened: `stage` a revision
 * beside the current one; `write` the state that makes it current; `discard` what is not used any more. Whoever changes an
 * app has its lock.
 */
export class ServerState extends Context.Tag("tako/ServerState")<
  ServerState,
  {
    /** Sorted; those whose state is damaged among them. */
    readonly apps: Effect.Effect<ReadonlyArray<AppName>, DataUnsafe | FileFailed>
    /** None for an app that is not known. */
    readonly read: (app: AppName) => Effect.Effect<Option.Option<AppState>, StateError>
    /** Puts the state in the place of the old one, whole; when it is done, it is on the disk. */
    readonly write: (state: AppState) => Effect.Effect<void, StateError>
    /** Writes the secrets of a revision, on the disk when it is done, and replaces those that were staged as the same. */
    readonly stage: (
      app: AppName,
      revision: Revision,
      secrets: SecretSet
    ) => Effect.Effect<void, DataUnsafe | FileFailed>
    /** One that does not open is never an empty set. */
    readonly secrets: (app: AppName, revision: Revision) => Effect.Effect<SecretSet, RevisionError>
    /** Removes the secrets of a revision, if they are there. */
    readonly discard: (app: AppName, revision: Revision) => Effect.Effect<void, DataUnsafe | FileFailed>
    /** Forgets the app with all its secrets; its audit trail stays. */
    readonly remove: (app: AppName) => Effect.Effect<void, DataUnsafe | FileFailed>
    /** Adds a line to the app's audit trail; when it is done, it is on the disk. */
    readonly record: (app: AppName, entry: AuditEntry) => Effect.Effect<void, DataUnsafe | FileFailed>
    /** The latest entries of it, oldest first; those of an app that was removed, too. */
    readonly audit: (
      app: AppName,
      limit: number
    ) => Effect.Effect<ReadonlyArray<AuditEntry>, DataUnsafe | FileFailed>
  }
>() {}
