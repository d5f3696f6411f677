import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Response from "../../domain/protocol/replies.ts"
import { quietly } from "../files/attempt.ts"
import type { Handler } from "./answer.ts"
import { type ClaimOptions, claim } from "./claim.ts"
import { Management } from "./management.ts"
import { budgetOf, serveClient } from "./serve-client.ts"

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
