import type { Socket } from "node:net"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Response from "../../domain/protocol/replies.ts"
import { maxLineLength } from "../../domain/protocol/requests.ts"
import { quietly } from "../files/attempt.ts"
import { type ClaimOptions, claim } from "../files/exclusive-socket.ts"
import { type Budget, lineReader, type NoLine, writeLine } from "../line-reader/line-reader.ts"
import { answerLine, type Handler, Management } from "./management.ts"

/** More clients than this at once are told to come back. */
export const maxClients = 100

/** A unix stream socket, 0600 from its first moment, or 0660 for the members of a group. */
export const layer = (options: ClaimOptions): Layer.Layer<Management> =>
  Layer.succeed(Management, {
    serve: Effect.fn("Management.serve")(function* (handler: Handler) {
      const work = yield* Effect.scope
      const arrived = yield* Queue.unbounded<Net.Socket>()
      const budget = budgetOf()
      let clients = 0
      const server = Net.createServer({ allowHalfOpen: true }, (socket) => {
        // Whoever reads it takes note of its errors; until then they must not end us.
        socket.on("error", () => {})
        if (clients >= maxClients) return turnAway(socket)
        clients++
        socket.once("close", () => clients--)
        Queue.unsafeOffer(arrived, socket)
      })
      yield* claim(server, options)
      const next = Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(restore(Queue.take(arrived)), (socket) =>
          Effect.forkIn(
            Effect.ensuring(
              Effect.scoped(restore(serveClient(socket, handler, work, budget))),
              Effect.sync(() => socket.destroy())
            ),
            work
          )
        )
      )
      yield* Effect.forkScoped(Effect.interruptible(Effect.forever(next)))
      // Those that nobody has come to serve.
      yield* Effect.addFinalizer(() =>
        Effect.map(Queue.takeAll(arrived), (sockets) => {
          for (const socket of sockets) socket.destroy()
        })
      )
    })
  })

const turnAway = (socket: Net.Socket): void => {
  quietly(() => socket.end(Response.encodeResponse(Response.error(crowded)), () => socket.destroy()))
}

const crowded = `There are ${maxClients} clients already. Ask again later.`

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
