import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** A set of watched files and folders. */
export interface Watched {
  /**
   * Waits until one of them may have changed since the previous call: appeared, disappeared, replaced, or written to.
   * Several changes between two calls count as one. A folder changes with its entries.
   */
  readonly changed: Effect.Effect<void>
}

/** Reports changes of files. */
export class Watch extends Context.Tag("tako/Watch")<
  Watch,
  {
    /** Watches absolute paths, which need not exist yet, until the scope closes. */
    readonly open: (paths: ReadonlyArray<string>) => Effect.Effect<Watched, never, Scope.Scope>
  }
>() {}
