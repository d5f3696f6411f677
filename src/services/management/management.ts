import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import type { FileFailed, FileLocked } from "../../domain/errors/files.ts"
import type { SocketRefused } from "../../domain/errors/server.ts"
import * as Response from "../../domain/protocol/replies.ts"
import { decodeRequest, type Request } from "../../domain/protocol/requests.ts"

/** The management socket of tako-server. Whoever may connect to it has full control of the server. */
export class Management extends Context.Tag("tako/Management")<
  Management,
  {
    /** Serves until the scope closes, which interrupts handlers that still run. */
    readonly serve: (
      handler: Handler
    ) => Effect.Effect<void, SocketRefused | FileFailed | FileLocked, Scope.Scope>
  }
>() {}

/** Answers one request. It keeps running if the client disconnects. */
export type Handler = (request: Request) => Effect.Effect<Response.Response>

/** Answers a line with a line, newline included. A line that is not a request is answered with an error. */
export const answerLine = (handler: Handler, line: Uint8Array): Effect.Effect<string> => {
  const request = decodeRequest(line)
  if (Either.isLeft(request)) return Effect.succeed(Response.encodeResponse(Response.error(request.left)))
  return Effect.suspend(() => handler(request.right)).pipe(
    // A defect may quote a value, so the client does not see it.
    Effect.catchAllCause(() => Effect.succeed(Response.error(bug))),
    Effect.map(Response.encodeResponse)
  )
}

const bug = "tako-server hit a bug and did not finish the request. Its log has the kind of error."
