import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AppName } from "../../domain/app/app-name.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { LogsReply } from "../../domain/protocol/replies.ts"

/** What one instance writes, on its way into its app's log. */
export interface InstanceOutput {
  /** Takes a piece as it comes: it may end in the middle of a line, of a letter, of a value. */
  readonly write: (stream: "stdout" | "stderr", piece: Uint8Array) => void
  /** The last lines of it, oldest first, masked as in the log; what has no newline yet is one. */
  readonly lastLines: (count: number) => Effect.Effect<ReadonlyArray<string>>
}

/** Which lines of an app's log are wanted. */
export interface LogQuery {
  /** At most so many: the latest, or, after a place, the first, so that whoever goes on from `next` misses none. */
  readonly lines: number
  /** Only those after this place: the `next` of an earlier answer. One that is none is the beginning. */
  readonly after?: string
  readonly instance?: string
}

/**
 * The output of instances, by app, of which the oldest is dropped as there comes more. Values that instances of the app have
 * from us are masked in it, plain and in the usual encodings, as far as that goes: under 6 characters they are not.
 */
export class InstanceLog extends Context.Tag("tako/InstanceLog")<
  InstanceLog,
  {
    /** Until the scope closes: then what is left of a line is written. */
    readonly open: (instance: {
      readonly app: AppName
      readonly id: string
      readonly secrets: SecretSet
    }) => Effect.Effect<InstanceOutput, never, Scope.Scope>
    readonly read: (app: AppName, query: LogQuery) => Effect.Effect<LogsReply, FileFailed>
    /** Removes all that there is of an app. */
    readonly remove: (app: AppName) => Effect.Effect<void, FileFailed>
  }
>() {}
