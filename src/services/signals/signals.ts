import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SignalName } from "../../domain/process.ts"

/** The signals that this process receives. */
export class Signals extends Context.Tag("tako/Signals")<
  Signals,
  {
    /**
     * While the scope is open, each of these signals calls `onSignal` instead of earlier handlers; the latest
     * handler wins.
     */
    readonly handle: (
      names: ReadonlyArray<SignalName>,
      onSignal: (name: SignalName) => Effect.Effect<void>
    ) => Effect.Effect<void, never, Scope.Scope>
    /** Ends this process with this signal and its default action. */
    readonly terminateWith: (name: SignalName) => Effect.Effect<never>
  }
>() {}
