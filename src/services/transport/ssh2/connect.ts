import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Interrupted } from "../../../domain/errors/user.ts"
import type { Route } from "../route.ts"
import type { TransportError, Wire } from "../transport.ts"
import { overStream } from "../wire.ts"
import { forwardSocket, forwardTcp } from "./channels.ts"
import { type LoggedIn, login, type Surroundings } from "./login.ts"
import { connectTcp } from "./tcp.ts"

/** Through each host of the route to the next one, and on the last one to the socket. */
export const connectBySsh2 = (
  around: Surroundings,
  server: string,
  route: Route,
  socket: string
): Effect.Effect<Wire, TransportError | Interrupted, Scope.Scope> =>
  Effect.gen(function* () {
    const { patience } = around
    let reached: LoggedIn | undefined
    for (const settings of route) {
      const stream: Duplex =
        reached === undefined
          ? yield* connectTcp(server, settings, patience.connect)
          : yield* forwardTcp(server, reached, settings, patience.connect)
      reached = yield* login(around, server, settings, stream)
    }
    const user = route[route.length - 1]?.user ?? ""
    const channel = yield* forwardSocket(server, reached as LoggedIn, { path: socket, user }, patience.socket)
    return yield* overStream(server, channel)
  })
