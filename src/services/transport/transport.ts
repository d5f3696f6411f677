import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { ServerMisbehaved, ServerUnreachable } from "../../domain/errors/server.ts"
import type { HostKeyRefused, LoginRefused } from "../../domain/errors/ssh.ts"
import type { Interrupted } from "../../domain/errors/user.ts"
import type { Target } from "../../domain/server/target.ts"

export type ExchangeError = ServerUnreachable | ServerMisbehaved
export type TransportError = ExchangeError | HostKeyRefused | LoginRefused | Interrupted

/** A connection to a server's socket. */
export interface Wire {
  /**
   * Sends one line, its newline included, and waits for the line that answers it, which comes without its newline. One at a
   * time; after a failure, or one that was interrupted, the connection is of no more use.
   */
  readonly exchange: (
    line: Redacted.Redacted<string>,
    within: Duration.DurationInput
  ) => Effect.Effect<Uint8Array, ExchangeError>
}

/** The way to a server's socket, wherever the server is. Nothing that it says is believed, beyond its bytes. */
export class Transport extends Context.Tag("tako/Transport")<
  Transport,
  {
    /** Closed with the scope. Each stage of it has its time, and tells itself when it fails. */
    readonly connect: (target: Target) => Effect.Effect<Wire, TransportError, Scope.Scope>
  }
>() {}
