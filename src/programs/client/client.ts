import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { plainLines } from "../../domain/app-output.ts"
import { ServerMisbehaved, ServerRefused } from "../../domain/errors/server.ts"
import { decodeResponse, type HelloReply, type ReplyOf } from "../../domain/protocol/replies.ts"
import {
  type Command,
  encodeRequest,
  protocolVersion,
  type RequestOf
} from "../../domain/protocol/requests.ts"
import type { Target } from "../../domain/server/target.ts"
import { Transport, type TransportError } from "../../services/transport/transport.ts"

export type ServerError = TransportError | ServerRefused

/** A server that has said that it speaks our protocol. */
export interface Server {
  readonly target: Target
  readonly hello: HelloReply
  /** What it answers; texts in it are the server's own, and go through `printable` before people see them. */
  readonly call: <C extends Command>(
    request: RequestOf<C> & { readonly command: C }
  ) => Effect.Effect<ReplyOf<C>, ServerError>
}

/** Those that start instances: as long as the slowest may take to be ready, and to drain. */
const rolls: ReadonlySet<Command> = new Set([
  "update_secrets",
  "deploy",
  "scale",
  "rollback",
  "restart",
  "stop",
  "delete"
])
const longRoll: Duration.DurationInput = "2 hours"
const short: Duration.DurationInput = "30 seconds"

/** A connection to a server, until the scope closes. */
export const connect: (target: Target) => Effect.Effect<Server, ServerError, Transport | Scope.Scope> =
  Effect.fn("connect")(function* (target: Target) {
    const transport = yield* Transport
    const wire = yield* transport.connect(target)
    const server = target.name
    const call: Server["call"] = (request) =>
      wire.exchange(encodeRequest(request), rolls.has(request.command) ? longRoll : short).pipe(
        Effect.flatMap((line): Effect.Effect<ReplyOf<typeof request.command>, ServerError> => {
          const answer = decodeResponse(request.command, line)
          if (Either.isLeft(answer)) return new ServerMisbehaved({ server, reason: answer.left })
          return answer.right._tag === "Done"
            ? Effect.succeed(answer.right.data)
            : new ServerRefused({ server, reason: shown(answer.right.message) })
        })
      )
    const hello = yield* call({ command: "hello", protocol_version: protocolVersion })
    if (hello.protocol_version !== protocolVersion) {
      return yield* new ServerMisbehaved({ server, reason: "version" })
    }
    return { target, hello, call }
  })

const longest = 4000

/** No more of it than fits on a screen, and nothing that moves a cursor; there may be an app's last lines in it. */
const shown = (message: string): string =>
  plainLines(message.length > longest ? `${message.slice(0, longest)}…` : message)
