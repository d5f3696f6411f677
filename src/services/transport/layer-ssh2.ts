import type { Duplex } from "node:stream"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import type { Interrupted } from "../../domain/errors/user.ts"
import type { Target } from "../../domain/server/target.ts"
import type { Destination } from "../../domain/server-registry/destination.ts"
import { KnownHosts } from "../known-hosts/known-hosts.ts"
import { SshConfig } from "../ssh-config/ssh-config.ts"
import { Terminal } from "../terminal/terminal.ts"
import { type Route, routeTo } from "./route.ts"
import { keyVault } from "./ssh2/key-ring.ts"
import { type LoggedIn, login, type Surroundings } from "./ssh2/login.ts"
import { load } from "./ssh2/session.ts"
import { connectTcp, forwardSocket, forwardTcp } from "./ssh2/streams.ts"
import { Transport, type TransportError, type Wire } from "./transport.ts"
import { overStream } from "./wire.ts"

export interface Ssh2Options {
  readonly patience?: Partial<Patience>
  /** The path of the agent's socket, where the configuration names none. */
  readonly agent?: string | undefined
}

/** Connects by way of a route that is known; one vault of unlocked keys for all. */
export const ssh2Connector = (options: Ssh2Options) =>
  Effect.gen(function* () {
    const hosts = yield* KnownHosts
    const vault = keyVault(yield* Terminal)
    const patience = { ...usual, ...options.patience }
    const { agent } = options
    return ({ name, socket }: Target, asked: Destination, route: Route) =>
      Effect.flatMap(
        Effect.promise(() => load()),
        (module) => connectBySsh2({ module, hosts, vault, patience, asked, agent }, name, route, socket)
      )
  })

/** Servers on other machines, by SSH spoken in this process. */
export const layerSsh2Of = (
  options: Ssh2Options
): Layer.Layer<Transport, never, KnownHosts | SshConfig | Terminal> =>
  Layer.effect(
    Transport,
    Effect.gen(function* () {
      const config = yield* SshConfig
      const connect = yield* ssh2Connector(options)
      return {
        connect: Effect.fn("Transport.connect")(function* (target: Target) {
          if (target.ssh === undefined) return yield* notHere(target.name)
          return yield* connect(target, target.ssh, yield* routeTo(config, target.name, target.ssh))
        })
      }
    })
  )

export const layerSsh2: Layer.Layer<Transport, never, KnownHosts | SshConfig | Terminal> = Layer.suspend(() =>
  layerSsh2Of({ agent: process.env.SSH_AUTH_SOCK })
)

export const notHere = (server: string) =>
  new ServerUnreachable({
    server,
    stage: "resolve",
    reason: "it is on this machine",
    hint: "Servers on this machine are not reached by SSH."
  })

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

/** How long each stage may take. Asking a person for a passphrase does not count. */
export interface Patience {
  readonly connect: Duration.DurationInput
  readonly hostKey: Duration.DurationInput
  readonly authenticate: Duration.DurationInput
  readonly socket: Duration.DurationInput
}

export const usual: Patience = {
  connect: "10 seconds",
  hostKey: "15 seconds",
  authenticate: "30 seconds",
  socket: "15 seconds"
}
