import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SocketRefused } from "../../domain/errors/server.ts"
import { answerLine, type Handler, Management } from "./management.ts"

/** Sends a line, without newline, to the server in memory, and returns its answer with a newline. Dies if no server listens. */
export class ManagementClient extends Context.Tag("tako/ManagementClient")<
  ManagementClient,
  (line: string) => Effect.Effect<string>
>() {}

/** A socket in memory, for one server at a time. */
export const layerMemory: Layer.Layer<Management | ManagementClient> = Layer.effectContext(
  Effect.sync(() => {
    let listening: Handler | undefined
    const release = Effect.sync(() => {
      listening = undefined
    })
    return Context.make(Management, {
      serve: (handler) =>
        Effect.acquireRelease(
          Effect.suspend(() => {
            if (listening !== undefined) return new SocketRefused({ path: "memory", problem: "taken" })
            listening = handler
            return Effect.void
          }),
          () => release
        )
    }).pipe(
      Context.add(ManagementClient, (line) =>
        Effect.suspend(() =>
          listening === undefined
            ? Effect.dieMessage("nobody listens")
            : answerLine(listening, Buffer.from(line))
        )
      )
    )
  })
)
