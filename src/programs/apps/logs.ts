import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import type { ServerUnreachable } from "../../domain/errors/server.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import type { LogLine } from "../../domain/protocol/replies.ts"
import type { RequestOf } from "../../domain/protocol/requests.ts"
import type { Target } from "../../domain/target.ts"
import type { Transport } from "../../services/transport/transport.ts"
import { connect, type Outcome, onEach, type Server, type ServerError } from "../client/client.ts"
import { appUnknown } from "./app.ts"

/** Which lines of an app's output to read. */
export interface LogQuery {
  readonly app: AppName
  /** How many of the latest lines: 0 to {@link maxLines}. */
  readonly lines: number
  /** Only this instance's. */
  readonly instance: Option.Option<string>
}

/** As many as a server sends at once. */
export const maxLines = 10_000

export interface Excerpt {
  /** Oldest first. They are the app's own text: escape them before a terminal shows them. */
  readonly lines: ReadonlyArray<LogLine>
  /** The position after the last of them. */
  readonly next: string
}

/** Reads the end of an app's output on each server that has the app; AppUnknown when none of them has. */
export const logs = Effect.fn("apps.logs")(function* (targets: ReadonlyArray<Target>, query: LogQuery) {
  const replies = yield* onEach(targets, (server) => readFrom(server, query))
  const excerpts = replies.flatMap(({ target, outcome }): ReadonlyArray<Outcome<Excerpt>> => {
    if (Either.isLeft(outcome)) return [{ target, outcome: Either.left(outcome.left) }]
    const { excerpt } = outcome.right
    return Option.isNone(excerpt) ? [] : [{ target, outcome: Either.right(excerpt.value) }]
  })
  if (excerpts.length > 0) return excerpts
  const known = replies.flatMap(({ outcome }) => (Either.isRight(outcome) ? outcome.right.names : []))
  return yield* appUnknown(query.app, targets, known)
})

interface ServerLogs {
  /** Every app that the server has. */
  readonly names: ReadonlyArray<AppName>
  readonly excerpt: Option.Option<Excerpt>
}

const readFrom = (server: Server, query: LogQuery): Effect.Effect<ServerLogs, ServerError> =>
  Effect.gen(function* () {
    const names = (yield* server.call({ command: "list" })).apps.map(({ app }) => app)
    if (!names.includes(query.app)) return { names, excerpt: Option.none() }
    const { lines, next } = yield* server.call(logsRequest(query, { lines: Math.max(1, query.lines) }))
    return { names, excerpt: Option.some({ lines: query.lines === 0 ? [] : lines, next }) }
  })

const logsRequest = (
  { app, instance }: LogQuery,
  range: { readonly lines: number; readonly after?: string }
): RequestOf<"logs"> => ({
  command: "logs",
  app,
  ...range,
  ...omitUndefined({ instance: Option.getOrUndefined(instance) })
})

/** Receives what an app writes. */
export interface Follower<out R> {
  readonly lines: (lines: ReadonlyArray<LogLine>) => Effect.Effect<void, never, R>
  /** The connection was lost; reconnecting has begun. */
  readonly lost: (error: ServerUnreachable) => Effect.Effect<void, never, R>
  /** Connected again, without missing a line that the server still has. */
  readonly back: Effect.Effect<void, never, R>
}

const pollInterval = "300 millis"
const reconnectInterval = "1 second"
const reconnectFor = Duration.toMillis("1 minute")

/** Passes on what an app writes after a position, until the server refuses or cannot be reached any more. */
export const follow = <R>(
  target: Target,
  query: LogQuery,
  from: string,
  follower: Follower<R>
): Effect.Effect<never, ServerError, Transport | R> =>
  Effect.suspend(() => {
    let after = from
    let lostAt: number | undefined
    const session = Effect.gen(function* () {
      const { call } = yield* connect(target)
      while (true) {
        const { lines, next } = yield* call(logsRequest(query, { lines: maxLines, after }))
        if (lostAt !== undefined) yield* follower.back
        lostAt = undefined
        after = next
        if (lines.length > 0) yield* follower.lines(lines)
        // A full reply means that there are more lines already.
        if (lines.length < maxLines) yield* Effect.sleep(pollInterval)
      }
    })
    return Effect.gen(function* () {
      while (true) {
        const error = yield* Effect.flip(Effect.scoped(session))
        if (error._tag !== "ServerUnreachable") return yield* error
        const now = yield* Clock.currentTimeMillis
        if (lostAt === undefined) yield* follower.lost(error)
        lostAt ??= now
        if (now - lostAt >= reconnectFor) return yield* error
        yield* Effect.sleep(reconnectInterval)
      }
    })
  })
