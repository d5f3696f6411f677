import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FileFailed, FileLocked } from "../../domain/errors/files.ts"
import type { PathRefused, SecretsFileChanged, SecretsFileDamaged } from "../../domain/errors/secrets-file.ts"
import type { Environments } from "../../domain/secrets-file/environments.ts"

export type SecretsFileError = SecretsFileDamaged | SecretsFileChanged | FileFailed | FileLocked | PathRefused

/** `.tako/secrets.json` of the project: read strictly, replaced as a whole, one writer at a time. */
export class SecretsFile extends Context.Tag("tako/SecretsFile")<
  SecretsFile,
  {
    /** For people. */
    readonly path: string
    /** No environments when there is no file. */
    readonly read: Effect.Effect<Environments, SecretsFileError>
    /**
     * Takes the lock, reads the file again, and replaces it with the result of `change`, atomically. Nothing is written when
     * `change` fails or returns what it got. If another program changes the file without the lock, its change is noticed
     * and not overwritten (SecretsFileChanged).
     */
    readonly update: <E, R>(
      change: (current: Environments) => Effect.Effect<Environments, E, R>
    ) => Effect.Effect<Environments, E | SecretsFileError, R>
  }
>() {}
