import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ServerUnreachable } from "../../domain/errors/server.ts"
import type { SshTarget } from "../../domain/target.ts"
import { KnownHosts } from "../known-hosts/known-hosts.ts"
import { SshConfig } from "../ssh-config/ssh-config.ts"
import type { Terminal } from "../terminal/terminal.ts"
import { localConnector } from "./layer-local.ts"
import { type OpenSshOptions, openSshConnector } from "./layer-openssh.ts"
import { type Ssh2Options, ssh2Connector } from "./layer-ssh2.ts"
import { type Route, routeTo } from "./route.ts"
import { offerOf } from "./ssh2/algorithms.ts"
import { isPassedOver, readKeyFiles } from "./ssh2/key-files.ts"
import { loadSsh2 } from "./ssh2/session.ts"
import { type Connector, type Connectors, Transport, transportOf } from "./transport.ts"

type TransportLayer = Layer.Layer<Transport, never, KnownHosts | SshConfig | Terminal>

/** Reaches every kind of server that tako knows: another kind is a connector of its own, and one line here. */
export const layerOf = (
  ssh2: Ssh2Options,
  openSsh: OpenSshOptions,
  custom: Connectors = {}
): TransportLayer =>
  Layer.effect(
    Transport,
    Effect.map(sshConnector(ssh2, openSsh), (ssh) =>
      transportOf({
        Local: localConnector(),
        Ssh: ssh,
        ...custom
      })
    )
  )

export const layer: TransportLayer = Layer.suspend(() => layerWith({}))

/** The same, with an embedder's own connectors beside tako's. */
export const layerWith = (custom: Connectors): TransportLayer =>
  Layer.suspend(() => layerOf({ agent: process.env.SSH_AUTH_SOCK }, { variables: process.env }, custom))

/** Reaches servers by these connectors alone. */
export const layerBy = (connectors: Connectors): Layer.Layer<Transport> =>
  Layer.succeed(Transport, transportOf(connectors))

/**
 * By ssh2, which is fast; by the system's ssh when the configuration asks for what ssh2 cannot do, or when the host accepted
 * none of the keys that ssh2 can use.
 */
const sshConnector = (ssh2: Ssh2Options, openSsh: OpenSshOptions) =>
  Effect.gen(function* () {
    const config = yield* SshConfig
    const hosts = yield* KnownHosts
    const bySsh2 = yield* ssh2Connector(ssh2)
    const byOpenSsh = openSshConnector(openSsh)
    const connect: Connector<SshTarget> = (target) =>
      Effect.gen(function* () {
        const route = yield* routeTo(config, target.name, target.ssh)
        if (yield* needsOpenSsh(route, hosts)) return yield* byOpenSsh(target)
        return yield* Effect.catchIf(
          bySsh2(target, route),
          (error) => error._tag === "LoginRefused" && error.reason !== "locked",
          // Our own account of the refusal says more than what ssh prints.
          (refused) => Effect.catchTag(byOpenSsh(target), "LoginRefused", () => Effect.fail(refused))
        )
      })
    return connect
  })

/** Hardware keys, certificates of users and hosts, proxies that are not jump hosts, and algorithms that ssh2 lacks. */
const needsOpenSsh = (route: Route, hosts: KnownHosts["Type"]): Effect.Effect<boolean, ServerUnreachable> =>
  Effect.gen(function* () {
    if (route.some(({ onlyOpenSsh }) => onlyOpenSsh.length > 0)) return true
    const module = yield* Effect.promise(() => loadSsh2())
    for (const settings of route) {
      const { unusable } = readKeyFiles(module, settings.identityFiles)
      if (!unusable.every(isPassedOver)) return true
      const known = yield* Effect.option(hosts.of(settings.identity))
      if (known._tag === "None") continue
      if (offerOf(settings, known.value.types) === undefined) return true
      if (known.value.byAuthority && known.value.types.length === 0) return true
    }
    return false
  })
