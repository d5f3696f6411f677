import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import { serverNotFound } from "../../domain/errors/servers.ts"
import { Usage } from "../../domain/errors/user.ts"
import {
  defaultSocket,
  isSocketPath,
  localName,
  sshTarget
} from "../../domain/server-registry/registered-server.ts"
import type { LocalTarget, Target } from "../../domain/target.ts"
import { ServerRegistry } from "../../services/server-registry/server-registry.ts"

/** The servers of these names, in this order: `local` is the one on this machine, others are in the registry. */
export const targetsNamed = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const registered = names.every((name) => name === localName) ? [] : yield* (yield* ServerRegistry).all
  const targets: Array<Target> = []
  for (const name of names) {
    const server = registered.find((one) => one.name === name)
    if (name !== localName && server === undefined) return yield* serverNotFound(name, registered)
    targets.push(server === undefined ? yield* localServer : sshTarget(server))
  }
  return targets
})

/** The server on this machine. TAKO_SOCKET overrides where its socket is. */
export const localServer: Effect.Effect<LocalTarget, Usage> = Effect.suspend(() =>
  Config.string("TAKO_SOCKET").pipe(
    Effect.orElseSucceed(() => ""),
    Effect.flatMap((path) => {
      const socket = path === "" ? defaultSocket : path
      return isSocketPath(socket)
        ? Effect.succeed<LocalTarget>({ _tag: "Local", name: localName, socket })
        : new Usage({
            problem: "TAKO_SOCKET is not the path of a socket.",
            hint: "It takes an absolute path of at most 107 bytes, without spaces, as in /run/tako/tako.sock"
          })
    })
  )
)
