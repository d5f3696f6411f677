import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"

export interface Commit {
  readonly hash: string
  readonly author: string
  /** ISO 8601. */
  readonly date: string
  readonly subject: string
}

/** What a file contained in a commit. */
export interface Version {
  readonly commit: Commit
  readonly content: Uint8Array
}

/** The versions of a file that could be read, newest first, and why there may be more. */
export interface Versions {
  readonly found: ReadonlyArray<Version>
  /** "shallow": the clone has only the latest commits. "failed": git did not answer, took too long, or lacks some of it. */
  readonly missing: Option.Option<"shallow" | "failed">
}

/** What git knows about the project; nothing without git or outside a repository. */
export class History extends Context.Tag("tako/History")<
  History,
  {
    /** The last commit that added this text to the file; none if it is not committed. */
    readonly commitThatAdded: (path: string, text: string) => Effect.Effect<Option.Option<Commit>>
    /**
     * The file after each commit before the current one, and that one included, that changed a line with this text, on
     * any branch that was ever merged into it. Complete and empty outside of a repository.
     */
    readonly versionsWith: (path: string, text: string) => Effect.Effect<Versions>
    /** Whether git ignores this path. */
    readonly isIgnored: (path: string) => Effect.Effect<boolean>
  }
>() {}
