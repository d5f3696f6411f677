import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { Replies } from "../../domain/protocol/replies.ts"
import * as Response from "../../domain/protocol/replies.ts"
import type { Command, Request, RequestOf } from "../../domain/protocol/requests.ts"

/** What does each command; an error's message is what the client's user reads. */
export type Handlers<E extends Error, R> = {
  readonly [C in Command]: (request: RequestOf<C>) => Effect.Effect<Replies[C], E, R>
}

/** Answers every request by its handler. What a handler died of is logged by its kind alone: its text may quote a value. */
export const dispatch =
  <E extends Error, R>(handlers: Handlers<E, R>) =>
  (request: Request): Effect.Effect<Response.Response, never, R> => {
    const handle = handlers[request.command] as (request: Request) => Effect.Effect<Replies[Command], E, R>
    return Effect.suspend(() => handle(request)).pipe(
      Effect.map(Response.ok),
      Effect.catchAll((error) => Effect.succeed(Response.error(error.message))),
      Effect.tapDefect((cause) =>
        Effect.logError("a command met a bug").pipe(
          Effect.annotateLogs({ command: request.command, kind: kindOf(Cause.squash(cause)) })
        )
      )
    )
  }

const kindOf = (defect: unknown): string =>
  defect instanceof Error ? defect.constructor.name : typeof defect
