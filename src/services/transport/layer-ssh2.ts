import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import type { Target } from "../../domain/server/target.ts"
import type { Destination } from "../../domain/server-registry/destination.ts"
import { KnownHosts } from "../known-hosts/known-hosts.ts"
import { SshConfig } from "../ssh-config/ssh-config.ts"
import { Terminal } from "../terminal/terminal.ts"
import { type Route, routeTo } from "./route.ts"
import { connectBySsh2 } from "./ssh2/connect.ts"
import { keyVault } from "./ssh2/key-vault.ts"
import { load } from "./ssh2/module.ts"
import { type Patience, usual } from "./ssh2/patience.ts"
import { Transport } from "./transport.ts"

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
