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
     * Takes the lock, reads the file again, and replaces it by what `change` makes of it: the old or the new file is
     * there at any moment, whole. When `change` fails, or gives back what it was given, nothing is written. A program
     * that changes the file without the lock is noticed (SecretsFileChanged) and not overwritten.
     */
    readonly update: <E, R>(
      change: (current: Environments) => Effect.Effect<Environments, E, R>
    ) => Effect.Effect<Environments, E | SecretsFileError, R>
  }
>() {}
