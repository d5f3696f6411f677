import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import type { FileFailed, FileLocked } from "../../domain/errors/files.ts"
import type { SocketRefused } from "../../domain/errors/server.ts"
import * as Response from "../../domain/protocol/replies.ts"
import { decodeRequest, type Request } from "../../domain/protocol/requests.ts"

/** The socket on which tako-server is told what to do. Whoever may open it has full control of the server. */
export class Management extends Context.Tag("tako/Management")<
  Management,
  {
    /** Listens until the scope closes, which interrupts the handlers that still run. */
    readonly serve: (
      handler: Handler
    ) => Effect.Effect<void, SocketRefused | FileFailed | FileLocked, Scope.Scope>
  }
>() {}

/** What answers one request. It goes on when the client that asked goes away. */
export type Handler = (request: Request) => Effect.Effect<Response.Response>

/** The line, its newline included, that answers a line; one that is no request is answered with a sentence. */
export const answerLine = (handler: Handler, line: Uint8Array): Effect.Effect<string> => {
  const request = decodeRequest(line)
  if (Either.isLeft(request)) return Effect.succeed(Response.encodeResponse(Response.error(request.left)))
  return Effect.suspend(() => handler(request.right)).pipe(
    // A defect may quote what it met, so nobody is told of it here.
    Effect.catchAllCause(() => Effect.succeed(Response.error(bug))),
    Effect.map(Response.encodeResponse)
  )
}

const bug = "tako-server has hit a bug, and did not finish. Its log says which kind."
