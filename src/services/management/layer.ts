import type { Socket } from "node:net"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Response from "../../domain/protocol/replies.ts"
import { maxLineLength } from "../../domain/protocol/requests.ts"
import { quietly } from "../files/errno.ts"
import { listenExclusively, type SocketOptions } from "../files/exclusive-socket.ts"
import { type Budget, lineReader, type NoLine, writeLine } from "../line-reader/line-reader.ts"
import { answerLine, type Handler, Management } from "./management.ts"

/** Further clients are refused. */
export const maxClients = 100

/**
 * Serves on a Unix socket that is 0600 from its creation, or 0660 for a group. Not platform-node's SocketServer: connections over the
 * limit are refused before a fiber is started for them, and all clients share one bound on the memory of unfinished lines.
 */
export const layer = (options: SocketOptions): Layer.Layer<Management> =>
  Layer.succeed(Management, {
    serve: Effect.fn("Management.serve")(function* (handler: Handler) {
      const work = yield* Effect.scope
      const arrived = yield* Queue.unbounded<Net.Socket>()
      const budget = makeBudget()
      let clients = 0
      const server = Net.createServer({ allowHalfOpen: true }, (socket) => {
        // Without a listener an error would end the process before serveClient adds its own.
        socket.on("error", () => {})
        if (clients >= maxClients) return refuseClient(socket)
        clients++
        socket.once("close", () => clients--)
        Queue.unsafeOffer(arrived, socket)
      })
      yield* listenExclusively(server, options)
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
      // Connections that no fiber has taken yet.
      yield* Effect.addFinalizer(() =>
        Effect.map(Queue.takeAll(arrived), (sockets) => {
          for (const socket of sockets) socket.destroy()
        })
      )
    })
  })

const refuseClient = (socket: Net.Socket): void => {
  quietly(() => socket.end(Response.encodeResponse(Response.error(tooManyClients)), () => socket.destroy()))
}

const tooManyClients = `There are already ${maxClients} clients. Try again later.`

/** How long a client may stay silent, take to send one line, and take to receive its answer. */
const timeouts = { idle: "5 minutes", line: "30 seconds", answer: "30 seconds" } as const

const makeBudget = (): Budget => ({ held: 0, most: 4 * maxLineLength })

/** Answers the requests of one client in turn. A request keeps running in `work` if the client disconnects. */
const serveClient = Effect.fnUntraced(function* (
  socket: Socket,
  handler: Handler,
  work: Scope.Scope,
  budget: Budget
) {
  const reader = lineReader(socket, { length: maxLineLength, within: timeouts.line, budget })
  yield* Effect.addFinalizer(() => Effect.sync(reader.release))
  const respond = (text: string) => Effect.timeoutOption(writeLine(socket, text), timeouts.answer)
  for (;;) {
    const line = yield* Effect.either(reader.next(timeouts.idle))
    if (line._tag === "Left") {
      const message = lineErrors[line.left.reason]
      if (message !== undefined) {
        yield* Effect.ignore(respond(Response.encodeResponse(Response.error(message))))
        yield* closeGracefully(socket)
      }
      return
    }
    const answering = yield* Effect.forkIn(answerLine(handler, line.right), work)
    const answer = yield* Fiber.join(answering)
    if ((yield* Effect.either(respond(answer)))._tag === "Left") return
  }
})

const lineErrors: { readonly [R in NoLine["reason"]]: string | undefined } = {
  end: undefined,
  reset: undefined,
  cut: "The request was cut off: it does not end with a newline.",
  "too-long": "A request must not be longer than 16 MiB.",
  slow: "The request took too long to arrive.",
  busy: "The server is receiving too much at once. Try again later."
}

/** Reads and drops what the client still sends for a second. Closing at once would reset the connection and lose the answer. */
const closeGracefully = (socket: Socket): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    socket.removeAllListeners("readable")
    socket.once("close", () => resume(Effect.void))
    socket.once("end", () => resume(Effect.void))
    socket.end()
    socket.resume()
  }).pipe(Effect.timeout("1 second"), Effect.ignore)
