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

/** What git knows about the project; nothing without git or outside a repository. */
export class History extends Context.Tag("tako/History")<
  History,
  {
    /** The last commit that added this text to the file; none if it is not committed. */
    readonly commitThatAdded: (path: string, text: string) => Effect.Effect<Option.Option<Commit>>
    /** Whether git ignores this path. */
    readonly isIgnored: (path: string) => Effect.Effect<boolean>
  }
>() {}
