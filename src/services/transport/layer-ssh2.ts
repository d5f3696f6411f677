import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { SshTarget } from "../../domain/target.ts"
import { KnownHosts } from "../known-hosts/known-hosts.ts"
import { SshConfig } from "../ssh-config/ssh-config.ts"
import { Terminal } from "../terminal/terminal.ts"
import { type Route, routeTo } from "./route.ts"
import { keyVault } from "./ssh2/key-ring.ts"
import { type LoggedIn, type LoginContext, login } from "./ssh2/login.ts"
import { loadSsh2, type StageTimeouts } from "./ssh2/session.ts"
import { connectTcp, forwardSocket, forwardTcp } from "./ssh2/streams.ts"
import { Transport, type TransportError, transportOf, type Wire } from "./transport.ts"
import { wireOver } from "./wire.ts"

export interface Ssh2Options {
  readonly timeouts?: Partial<StageTimeouts>
  /** The path of the agent's socket, unless the configuration names another. */
  readonly agent?: string | undefined
}

const defaultTimeouts: StageTimeouts = {
  connect: "10 seconds",
  hostKey: "15 seconds",
  authenticate: "30 seconds",
  socket: "15 seconds"
}

/** Reaches servers on other machines by SSH that is spoken in this process. */
export const layerSsh2Of = (
  options: Ssh2Options
): Layer.Layer<Transport, never, KnownHosts | SshConfig | Terminal> =>
  Layer.effect(
    Transport,
    Effect.gen(function* () {
      const config = yield* SshConfig
      const connect = yield* ssh2Connector(options)
      return transportOf({
        Ssh: (target) =>
          Effect.flatMap(routeTo(config, target.name, target.ssh), (route) => connect(target, route))
      })
    })
  )

export const layerSsh2: Layer.Layer<Transport, never, KnownHosts | SshConfig | Terminal> = Layer.suspend(() =>
  layerSsh2Of({ agent: process.env.SSH_AUTH_SOCK })
)

/** Connects over a route that was found before. All connections share one vault, so that a passphrase is asked for once. */
export const ssh2Connector = ({ timeouts, agent }: Ssh2Options) =>
  Effect.gen(function* () {
    const context = {
      hosts: yield* KnownHosts,
      vault: keyVault(yield* Terminal),
      timeouts: { ...defaultTimeouts, ...timeouts },
      agent
    }
    return (target: SshTarget, route: Route) =>
      Effect.flatMap(
        Effect.promise(() => loadSsh2()),
        (module) => connectOver({ ...context, module, destination: target.ssh }, target, route)
      )
  })

/** Goes through each host of the route to the next one, and on the last one to the socket. */
const connectOver = (
  context: LoginContext,
  { name, socket }: SshTarget,
  route: Route
): Effect.Effect<Wire, TransportError, Scope.Scope> =>
  Effect.gen(function* () {
    const { timeouts } = context
    let host: LoggedIn | undefined
    for (const settings of route) {
      const stream: Duplex =
        host === undefined
          ? yield* connectTcp(name, settings, timeouts.connect)
          : yield* forwardTcp(name, host, settings, timeouts.connect)
      host = yield* login(context, name, settings, stream)
    }
    const user = route[route.length - 1]?.user ?? ""
    const channel = yield* forwardSocket(name, host as LoggedIn, { path: socket, user }, timeouts.socket)
    return yield* wireOver(name, channel)
  })
