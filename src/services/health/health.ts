import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"

/**
 * The result of a health check. "healthy": it echoed its token. "failing": a status of 500 or above. "other": any other
 * response, even one that is not HTTP. "refused": nothing listens. "silent": no response in time. "unchecked": this process had
 * no descriptor, memory or port left for a connection.
 */
export type Answer = "healthy" | "other" | "failing" | "refused" | "silent" | "unchecked"

/** Numeric user ids; "unknown" where the system does not say (no /proc), "unchecked" as above. */
export type Listeners = ReadonlySet<number> | "unknown" | "unchecked"

/** Checks what listens on ports of this machine. */
export class Health extends Context.Tag("tako/Health")<
  Health,
  {
    /**
     * Requests `GET /status` with `Host: tako.internal` and the token in `X-Tako-Internal-Token`. A healthy instance answers
     * 200 with the token in the same field, within two seconds.
     */
    readonly check: (instance: {
      readonly port: number
      readonly token: Redacted.Redacted<string>
    }) => Effect.Effect<Answer>
    /** Whether something accepts connections on this port of 127.0.0.1. */
    readonly accepts: (port: number) => Effect.Effect<boolean | "unchecked">
    /** The users whose sockets a connection to 127.0.0.1 may reach (proc_net(5)). */
    readonly listeners: (port: number) => Effect.Effect<Listeners>
    /** A free port of 127.0.0.1. Another process may take it before it is used. */
    readonly freePort: Effect.Effect<number>
  }
>() {}
