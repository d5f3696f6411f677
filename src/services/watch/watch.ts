import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Files and folders that are looked after. */
export interface Watched {
  /**
   * Waits until one of them has changed since it was last asked for, or may have: appeared, gone, replaced, written to.
   * Changes between two questions are one. Of a folder: its entries.
   */
  readonly changed: Effect.Effect<void>
}

/** Tells of changes of files. */
export class Watch extends Context.Tag("tako/Watch")<
  Watch,
  {
    /** Absolute paths, of what need not be there yet; until the scope closes. */
    readonly open: (paths: ReadonlyArray<string>) => Effect.Effect<Watched, never, Scope.Scope>
  }
>() {}
