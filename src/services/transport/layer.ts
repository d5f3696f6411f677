import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ServerUnreachable } from "../../domain/errors/server.ts"
import type { Target } from "../../domain/server/target.ts"
import { KnownHosts } from "../known-hosts/known-hosts.ts"
import { SshConfig } from "../ssh-config/ssh-config.ts"
import type { Terminal } from "../terminal/terminal.ts"
import { layerLocal } from "./layer-local.ts"
import { connectByOpenSsh, type OpenSshOptions } from "./layer-openssh.ts"
import { type Ssh2Options, ssh2Connector } from "./layer-ssh2.ts"
import { type Route, routeTo } from "./route.ts"
import { offerOf } from "./ssh2/algorithms.ts"
import { isPassedOver, readKeyFiles } from "./ssh2/key-files.ts"
import { load } from "./ssh2/session.ts"
import { Transport } from "./transport.ts"

/**
 * Every server: those on this machine by their sockets, others by ssh2, which is quick, or by the system's ssh, where the
 * configuration asks for what ssh2 cannot do, or the host took none of the keys that ssh2 can use.
 */
export const layerOf = (
  ssh2: Ssh2Options,
  openssh: OpenSshOptions
): Layer.Layer<Transport, never, KnownHosts | SshConfig | Terminal> =>
  Layer.effect(
    Transport,
    Effect.gen(function* () {
      const local = yield* Transport
      const config = yield* SshConfig
      const hosts = yield* KnownHosts
      const bySsh2 = yield* ssh2Connector(ssh2)
      return {
        connect: (target: Target) =>
          Effect.gen(function* () {
            const { ssh } = target
            if (ssh === undefined) return yield* local.connect(target)
            const route = yield* routeTo(config, target.name, ssh)
            const byOpenSsh = connectByOpenSsh(openssh, target, ssh)
            if (yield* needsOpenSsh(route, hosts)) return yield* byOpenSsh
            return yield* Effect.catchIf(
              bySsh2(target, ssh, route),
              (error) => error._tag === "LoginRefused" && error.reason !== "locked",
              (refused) =>
                // What ssh says of it is no better than what we know.
                Effect.catchTag(byOpenSsh, "LoginRefused", () => Effect.fail(refused))
            )
          })
      }
    })
  ).pipe(Layer.provide(layerLocal))

export const layer: Layer.Layer<Transport, never, KnownHosts | SshConfig | Terminal> = Layer.suspend(() =>
  layerOf({ agent: process.env.SSH_AUTH_SOCK }, { variables: process.env })
)

/** Hardware keys, certificates of users and of hosts, other ways through than hosts to jump over, other algorithms. */
const needsOpenSsh = (route: Route, hosts: KnownHosts["Type"]): Effect.Effect<boolean, ServerUnreachable> =>
  Effect.gen(function* () {
    if (route.some(({ onlyOpenSsh }) => onlyOpenSsh.length > 0)) return true
    const module = yield* Effect.promise(() => load())
    for (const settings of route) {
      const { unfit } = readKeyFiles(module, settings.identityFiles)
      if (!unfit.every(isPassedOver)) return true
      const known = yield* Effect.option(hosts.of(settings.identity))
      if (known._tag === "None") continue
      if (offerOf(settings, known.value.types) === undefined) return true
      if (known.value.byAuthority && known.value.types.length === 0) return true
    }
    return false
  })
