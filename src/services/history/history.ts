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

/** What git knows of the project; without git, or outside a repository, it knows nothing. */
export class History extends Context.Tag("tako/History")<
  History,
  {
    /** The last commit that brought this text into the file; none when it is not committed. */
    readonly commitThatBrought: (path: string, text: string) => Effect.Effect<Option.Option<Commit>>
    /** Whether git would leave this path out of a commit. */
    readonly isIgnored: (path: string) => Effect.Effect<boolean>
  }
>() {}
