import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Response from "../../domain/protocol/replies.ts"
import { decodeRequest, type Request } from "../../domain/protocol/requests.ts"

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

const bug = "tako-server has met a bug of its own, and did not finish. Its log says which kind."
