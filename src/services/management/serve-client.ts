import type { Socket } from "node:net"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Response from "../../domain/protocol/replies.ts"
import { maxLineLength } from "../../domain/protocol/requests.ts"
import { answerLine, type Handler } from "./answer.ts"
import { type Budget, lineReader, type NoLine } from "./line-reader.ts"
import { writeLine } from "./write-line.ts"

/** How long a client may be silent, take for one line, and take to receive its answer. */
export const patience = { idle: "5 minutes", line: "30 seconds", answer: "30 seconds" } as const

export const budgetOf = (): Budget => ({ held: 0, most: 4 * maxLineLength })

/** Answers one client's requests one after the other. A request that has begun goes on in `work` when the client is gone. */
export const serveClient = Effect.fnUntraced(function* (
  socket: Socket,
  handler: Handler,
  work: Scope.Scope,
  budget: Budget
) {
  const reader = lineReader(socket, { length: maxLineLength, within: patience.line, budget })
  yield* Effect.addFinalizer(() => Effect.sync(reader.release))
  const say = (text: string) => Effect.timeoutOption(writeLine(socket, text), patience.answer)
  for (;;) {
    const line = yield* Effect.either(reader.next(patience.idle))
    if (line._tag === "Left") {
      const complaint = complaints[line.left.reason]
      if (complaint !== undefined) {
        yield* Effect.ignore(say(Response.encodeResponse(Response.error(complaint))))
        yield* part(socket)
      }
      return
    }
    const answering = yield* Effect.forkIn(answerLine(handler, line.right), work)
    const answer = yield* Fiber.join(answering)
    if ((yield* Effect.either(say(answer)))._tag === "Left") return
  }
})

const complaints: { readonly [R in NoLine["reason"]]: string | undefined } = {
  end: undefined,
  reset: undefined,
  cut: "The request was cut off: its line has no newline at its end.",
  "too-long": "A request must not be longer than 16 MiB.",
  slow: "The request did not come in time.",
  busy: "Too much is being sent to this server at once. Ask again later."
}

/** Takes what the client still sends, for a moment: otherwise it would see a broken connection and not the answer. */
const part = (socket: Socket): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    socket.removeAllListeners("readable")
    socket.once("close", () => resume(Effect.void))
    socket.once("end", () => resume(Effect.void))
    socket.end()
    socket.resume()
  }).pipe(Effect.timeout("1 second"), Effect.ignore)
