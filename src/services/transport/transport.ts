import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { type ServerMisbehaved, ServerUnreachable } from "../../domain/errors/server.ts"
import type { HostKeyRefused, LoginRefused } from "../../domain/errors/ssh.ts"
import type { Interrupted } from "../../domain/errors/user.ts"
import type { LocalTarget, SshTarget, Target } from "../../domain/target.ts"

export type ExchangeError = ServerUnreachable | ServerMisbehaved
export type TransportError = ExchangeError | HostKeyRefused | LoginRefused | Interrupted

/** A connection to a server's socket. */
export interface Wire {
  /**
   * Sends one line, which ends with a newline, and waits for the line that answers it, which is returned without one. One
   * exchange runs at a time; a connection whose exchange failed or was interrupted cannot be used again.
   */
  readonly exchange: (
    line: Redacted.Redacted<string>,
    within: Duration.DurationInput
  ) => Effect.Effect<Uint8Array, ExchangeError>
}

/** Connects to targets of one kind. Closing the scope closes the connection; errors name the stage that failed. */
export type Connector<T extends Target> = (target: T) => Effect.Effect<Wire, TransportError, Scope.Scope>

/** Connects to a server's socket, wherever the server is. A server's replies are bytes from a stranger: decode them strictly. */
export class Transport extends Context.Tag("tako/Transport")<
  Transport,
  { readonly connect: Connector<Target> }
>() {}

/** A connector for each kind of target, under its `_tag`. */
export interface Connectors {
  readonly Local?: Connector<LocalTarget>
  readonly Ssh?: Connector<SshTarget>
  /** Each takes targets of its own type, so that what they have in common is none: `never`. */
  readonly [custom: `Custom/${string}`]: Connector<never>
}

/** The Transport that hands each target to the connector of its kind. */
export const transportOf = (connectors: Connectors): Transport["Type"] => ({
  connect: Effect.fn("Transport.connect")((target: Target) => {
    const connector = connectors[target._tag] as Connector<Target> | undefined
    return connector === undefined
      ? new ServerUnreachable({
          server: target.name,
          stage: "resolve",
          reason: `there is no connector for ${target._tag}`,
          hint: "Give the Transport one."
        })
      : connector(target)
  })
})
