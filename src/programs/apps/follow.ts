import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ServerUnreachable } from "../../domain/errors/server.ts"
import type { LogLine } from "../../domain/protocol/replies.ts"
import type { Target } from "../../domain/server/target.ts"
import type { Transport } from "../../services/transport/transport.ts"
import { connect, type ServerError } from "../client/client.ts"
import { mostLines, requestOf, type Wanted } from "./logs.ts"

/** What is done with what comes. */
export interface Follower<out R> {
  readonly lines: (lines: ReadonlyArray<LogLine>) => Effect.Effect<void, never, R>
  /** The server has gone away; it is tried again for a while. */
  readonly lost: (error: ServerUnreachable) => Effect.Effect<void, never, R>
  /** It is there again, and nothing was missed that it still has. */
  readonly back: Effect.Effect<void, never, R>
}

/** How often a server is asked for what is new. */
const pace = "300 millis"
/** How often one that has gone away is tried again, and for how long. */
const retryPace = "1 second"
const patience = Duration.toMillis("1 minute")

/** Tells what an app writes from a place on, until there is no more getting to its server, or to the app. */
export const follow = <R>(
  target: Target,
  wanted: Wanted,
  from: string,
  follower: Follower<R>
): Effect.Effect<never, ServerError, Transport | R> =>
  Effect.suspend(() => {
    let after = from
    let lostAt: number | undefined
    const session = Effect.gen(function* () {
      const { call } = yield* connect(target)
      while (true) {
        const { lines, next } = yield* call(requestOf(wanted, { lines: mostLines, after }))
        if (lostAt !== undefined) yield* follower.back
        lostAt = undefined
        after = next
        if (lines.length > 0) yield* follower.lines(lines)
        // As many as there may be at once: there are more.
        if (lines.length < mostLines) yield* Effect.sleep(pace)
      }
    })
    return Effect.gen(function* () {
      while (true) {
        const error = yield* Effect.flip(Effect.scoped(session))
        if (error._tag !== "ServerUnreachable") return yield* error
        const now = yield* Clock.currentTimeMillis
        if (lostAt === undefined) yield* follower.lost(error)
        lostAt ??= now
        if (now - lostAt >= patience) return yield* error
        yield* Effect.sleep(retryPace)
      }
    })
  })
