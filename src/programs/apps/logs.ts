import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import type { ServerUnreachable } from "../../domain/errors/server.ts"
import type { LogLine } from "../../domain/protocol/replies.ts"
import type { RequestOf } from "../../domain/protocol/requests.ts"
import type { Target } from "../../domain/server/target.ts"
import type { Transport } from "../../services/transport/transport.ts"
import { connect, type Server, type ServerError } from "../client/client.ts"
import { type Outcome, onEach } from "./on-each.ts"
import { notThere } from "./status.ts"

/** Which lines of an app's output are wanted. */
export interface Wanted {
  readonly app: AppName
  /** At most so many, the latest: 0 to {@link mostLines}. */
  readonly lines: number
  /** Only of this instance. */
  readonly instance: Option.Option<string>
}

/** As many as a server tells at once. */
export const mostLines = 10_000

export interface Excerpt {
  /** Oldest first; another's text, not fit for a terminal as it is. */
  readonly lines: ReadonlyArray<LogLine>
  /** The place after the last of them. */
  readonly next: string
}

/** The end of an app's output on each server that has the app; AppUnknown where none of them has it. */
export const logs = Effect.fn("apps.logs")(function* (targets: ReadonlyArray<Target>, wanted: Wanted) {
  const asked = yield* onEach(targets, (server) => ask(server, wanted))
  const there = asked.flatMap(({ target, outcome }): ReadonlyArray<Outcome<Excerpt>> => {
    if (Either.isLeft(outcome)) return [{ target, outcome: Either.left(outcome.left) }]
    const { excerpt } = outcome.right
    return Option.isNone(excerpt) ? [] : [{ target, outcome: Either.right(excerpt.value) }]
  })
  if (there.length > 0) return there
  const others = asked.flatMap(({ outcome }) => (Either.isRight(outcome) ? outcome.right.names : []))
  return yield* notThere(wanted.app, targets, others)
})

export const requestOf = (
  { app, instance }: Wanted,
  more: { readonly lines: number; readonly after?: string }
): RequestOf<"logs"> => ({
  command: "logs",
  app,
  ...more,
  ...Option.match(instance, { onNone: () => ({}), onSome: (instance) => ({ instance }) })
})

interface Found {
  readonly names: ReadonlyArray<AppName>
  readonly excerpt: Option.Option<Excerpt>
}

const ask = (server: Server, wanted: Wanted): Effect.Effect<Found, ServerError> =>
  Effect.gen(function* () {
    const names = (yield* server.call({ command: "list" })).apps.map(({ app }) => app)
    if (!names.includes(wanted.app)) return { names, excerpt: Option.none() }
    const { lines, next } = yield* server.call(requestOf(wanted, { lines: Math.max(1, wanted.lines) }))
    return { names, excerpt: Option.some({ lines: wanted.lines === 0 ? [] : lines, next }) }
  })

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
