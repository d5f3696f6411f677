import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AppName } from "../../domain/app/app-name.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { LogsReply } from "../../domain/protocol/replies.ts"

/** Takes the output of one instance into its app's log. */
export interface InstanceOutput {
  /** Takes output as it arrives. A piece may end within a line, a character or a value. */
  readonly write: (stream: "stdout" | "stderr", piece: Uint8Array) => void
  /** The last lines, oldest first, masked as in the log. Output without a newline yet counts as a line. */
  readonly lastLines: (count: number) => Effect.Effect<ReadonlyArray<string>>
}

/** Selects lines of an app's log. */
export interface LogQuery {
  /** The maximum number: the latest lines, or with `after` the first ones, so that reading on from `next` skips none. */
  readonly lines: number
  /** Only lines after this cursor, the `next` of an earlier reply. An invalid cursor means the beginning. */
  readonly after?: string
  readonly instance?: string
}

/**
 * The output of instances, by app. Old output is dropped as new output arrives. Secret values of the app are masked, plain and
 * in common encodings, but values of fewer than 6 characters are not.
 */
export class InstanceLog extends Context.Tag("tako/InstanceLog")<
  InstanceLog,
  {
    /** Opens an output until the scope closes, which writes an unfinished line. */
    readonly open: (instance: {
      readonly app: AppName
      readonly id: string
      readonly secrets: SecretSet
    }) => Effect.Effect<InstanceOutput, never, Scope.Scope>
    readonly read: (app: AppName, query: LogQuery) => Effect.Effect<LogsReply, FileFailed>
    /** Removes the log of an app. */
    readonly remove: (app: AppName) => Effect.Effect<void, FileFailed>
  }
>() {}
