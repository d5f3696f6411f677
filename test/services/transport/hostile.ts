import * as Net from "node:net"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { LocalTarget } from "../../../src/domain/target.ts"
import { temporaryFolder } from "../files/folder.ts"

/** A server that handles each line with `act`; `line` is empty when a client connects. */
export const hostile = (
  act: (socket: Net.Socket, line: string) => void
): Effect.Effect<LocalTarget, never, Scope.Scope> =>
  Effect.gen(function* () {
    const path = Path.join(yield* temporaryFolder(), "s")
    const sockets = new Set<Net.Socket>()
    const server = Net.createServer((socket) => {
      sockets.add(socket)
      socket.on("error", () => {})
      act(socket, "")
      let received = ""
      socket.on("data", (chunk: Buffer) => {
        received += chunk.toString("latin1")
        for (let end = received.indexOf("\n"); end >= 0; end = received.indexOf("\n")) {
          const line = received.slice(0, end)
          received = received.slice(end + 1)
          act(socket, line)
        }
      })
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void server.listen(path, () => resume(Effect.void))),
      () =>
        Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
          server.close()
        })
    )
    return { _tag: "Local", name: "la", socket: path }
  })

export const hello =
  '{"status":"ok","data":{"protocol_version":0,"server_version":"1","capabilities":["list"]}}\n'
