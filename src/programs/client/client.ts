import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { plainLines } from "../../domain/app-output.ts"
import { ServerMisbehaved, ServerRefused } from "../../domain/errors/server.ts"
import type { Interrupted } from "../../domain/errors/user.ts"
import { decodeResponse, type HelloReply, type ReplyOf } from "../../domain/protocol/replies.ts"
import {
  type Command,
  encodeRequest,
  protocolVersion,
  type RequestOf
} from "../../domain/protocol/requests.ts"
import type { Target } from "../../domain/target.ts"
import { Transport, type TransportError } from "../../services/transport/transport.ts"

export type ServerError = TransportError | ServerRefused

/** A connected tako-server that speaks our version of the protocol. */
export interface Server {
  readonly target: Target
  readonly hello: HelloReply
  /** Sends a request. Texts in the reply are the server's own: pass them through `printable` before showing them. */
  readonly call: <C extends Command>(
    request: RequestOf<C> & { readonly command: C }
  ) => Effect.Effect<ReplyOf<C>, ServerError>
}

/** These start or end instances, so that they may take as long as the slowest instance does to start and to drain. */
const slowCommands: ReadonlySet<Command> = new Set([
  "update_secrets",
  "deploy",
  "scale",
  "rollback",
  "restart",
  "stop",
  "delete"
])
const slowTimeout: Duration.DurationInput = "2 hours"
const timeout: Duration.DurationInput = "30 seconds"

/** Connects to a server until the scope closes. */
export const connect: (target: Target) => Effect.Effect<Server, ServerError, Transport | Scope.Scope> =
  Effect.fn("connect")(function* (target: Target) {
    const transport = yield* Transport
    const wire = yield* transport.connect(target)
    const server = target.name
    const call: Server["call"] = (request) =>
      wire.exchange(encodeRequest(request), slowCommands.has(request.command) ? slowTimeout : timeout).pipe(
        Effect.flatMap((line): Effect.Effect<ReplyOf<typeof request.command>, ServerError> => {
          const response = decodeResponse(request.command, line)
          if (Either.isLeft(response)) return new ServerMisbehaved({ server, reason: response.left })
          return response.right._tag === "Done"
            ? Effect.succeed(response.right.data)
            : new ServerRefused({ server, reason: shown(response.right.message) })
        })
      )
    const hello = yield* call({ command: "hello", protocol_version: protocolVersion })
    if (hello.protocol_version !== protocolVersion) {
      return yield* new ServerMisbehaved({ server, reason: "version" })
    }
    return { target, hello, call }
  })

const maxMessageLength = 4000

/** Limits a message to what fits on a screen, without control characters: it may quote an app's last lines. */
const shown = (message: string): string =>
  plainLines(message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message)

/** Why something failed on one server. Interrupting is left out: that ends the whole command. */
export type Failure = Exclude<ServerError, Interrupted>

/** How something ended on one server. */
export interface Outcome<out A> {
  readonly target: Target
  readonly outcome: Either.Either<A, Failure>
}

/** How many servers are talked to at the same time. */
export const concurrency = 16

/** Does the same on each server, in parallel and independently; outcomes are in the order of the targets. */
export const onEach = <A, R>(
  targets: ReadonlyArray<Target>,
  use: (server: Server) => Effect.Effect<A, ServerError, R>
) => Effect.forEach(targets, (target) => onOne(target, use), { concurrency })

export const onOne = <A, R>(target: Target, use: (server: Server) => Effect.Effect<A, ServerError, R>) =>
  Effect.scoped(Effect.flatMap(connect(target), use)).pipe(
    collectFailure,
    Effect.map((outcome): Outcome<A> => ({ target, outcome }))
  )

/** Turns every failure but an interruption into a result. */
export const collectFailure = <A, E extends { readonly _tag: string }, R>(
  effect: Effect.Effect<A, E | Interrupted, R>
): Effect.Effect<Either.Either<A, Exclude<E, Interrupted>>, Interrupted, R> =>
  effect.pipe(
    Effect.map((value) => Either.right(value)),
    Effect.catchAll((error) =>
      error._tag === "Interrupted"
        ? Effect.fail(error as Interrupted)
        : Effect.succeed(Either.left(error as Exclude<E, Interrupted>))
    )
  )

export const failures = (outcomes: ReadonlyArray<Outcome<unknown>>): ReadonlyArray<Failure> =>
  outcomes.flatMap(({ outcome }) => (Either.isLeft(outcome) ? [outcome.left] : []))
