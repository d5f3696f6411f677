import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"

/**
 * What a question for an instance's health came to: it is healthy and has echoed its token; it answered something else, be
 * it no HTTP; nobody accepts connections; nothing came in time; or we had not what it takes to ask (EMFILE).
 */
export type Answer = "healthy" | "other" | "failing" | "refused" | "silent" | "unasked"

/** Numeric ids of users; "unknown" where the system does not tell, "unasked" as above. */
export type Listeners = ReadonlySet<number> | "unknown" | "unasked"

/** Looks at what listens on ports of this machine. */
export class Health extends Context.Tag("tako/Health")<
  Health,
  {
    /**
     * `GET /status` with `Host: tako.internal` and the token in `X-Tako-Internal-Token`; "healthy" is 200 with the token
     * echoed in the same field, "failing" a status from 500 on. Two seconds at most.
     */
    readonly ask: (instance: {
      readonly port: number
      readonly token: Redacted.Redacted<string>
    }) => Effect.Effect<Answer>
    /** Whether somebody accepts connections on 127.0.0.1. */
    readonly accepts: (port: number) => Effect.Effect<boolean | "unasked">
    /** The users whose sockets would get a connection to 127.0.0.1 (proc_net(5)). */
    readonly listeners: (port: number) => Effect.Effect<Listeners>
    /** A port of 127.0.0.1 that nobody has had lately; somebody may take it before whoever it is meant for. */
    readonly freePort: Effect.Effect<number>
  }
>() {}
