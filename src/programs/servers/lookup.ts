import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import { Usage } from "../../domain/errors/user.ts"
import type { Target } from "../../domain/server/target.ts"
import { defaultSocket, isSocketPath, localName } from "../../domain/server-registry/registered-server.ts"

/** The server on this machine; TAKO_SOCKET says where its socket is, when that is another one than usual. */
export const localServer: Effect.Effect<Target, Usage> = Effect.suspend(() =>
  Config.string("TAKO_SOCKET").pipe(
    Effect.orElseSucceed(() => ""),
    Effect.flatMap((path) => {
      const socket = path === "" ? defaultSocket : path
      return isSocketPath(socket) ? Effect.succeed({ name: localName, socket }) : malformed()
    })
  )
)

const malformed = () =>
  new Usage({
    problem: "TAKO_SOCKET is no path of a socket.",
    hint: "It takes an absolute path of at most 107 bytes, without spaces, as in /run/tako/tako.sock"
  })
