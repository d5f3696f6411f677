import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { FileFailed, FileLocked } from "../../domain/errors/secrets-file.ts"
import type { SocketRefused } from "../../domain/errors/server.ts"

import type { Handler } from "./answer.ts"

/** The socket on which tako-server is told what to do. Whoever may open it has full control of the server. */
export class Management extends Context.Tag("tako/Management")<
  Management,
  {
    /** Listens until the scope closes, which interrupts the handlers that still run. */
    readonly serve: (
      handler: Handler
    ) => Effect.Effect<void, SocketRefused | FileFailed | FileLocked, Scope.Scope>
  }
>() {}
