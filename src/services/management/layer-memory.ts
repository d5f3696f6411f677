import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { SocketRefused } from "../../domain/errors/server.ts"
import { answerLine, type Handler, Management } from "./management.ts"

/**
 * Sends a line, without newline, to the server in memory, and returns its answer with a newline, or nothing if the server ends first.
 * Dies if no server listens.
 */
export class ManagementClient extends Context.Tag("tako/ManagementClient")<
  ManagementClient,
  (line: string) => Effect.Effect<string>
>() {}

/** A socket in memory, for one server at a time. */
export const layerMemory: Layer.Layer<Management | ManagementClient> = Layer.effectContext(
  Effect.sync(() => {
    let listening: { readonly handler: Handler; readonly work: Scope.Scope } | undefined
    const release = Effect.sync(() => {
      listening = undefined
    })
    return Context.make(Management, {
      serve: (handler) =>
        Effect.flatMap(Effect.scope, (work) =>
          Effect.acquireRelease(
            Effect.suspend(() => {
              if (listening !== undefined) return new SocketRefused({ path: "memory", problem: "taken" })
              listening = { handler, work }
              return Effect.void
            }),
            () => release
          )
        )
    }).pipe(
      Context.add(ManagementClient, (line) =>
        Effect.suspend(() => {
          if (listening === undefined) return Effect.dieMessage("nobody listens")
          const { handler, work } = listening
          return Effect.flatMap(
            Effect.forkIn(Effect.interruptible(answerLine(handler, Buffer.from(line))), work),
            endOfClient
          )
        })
      )
    )
  })
)

/** The server's end ends the client without an answer. */
const endOfClient = (answering: Fiber.Fiber<string>): Effect.Effect<string> =>
  Effect.flatMap(Fiber.await(answering), (exit) => (Exit.isInterrupted(exit) ? Effect.succeed("") : exit))
