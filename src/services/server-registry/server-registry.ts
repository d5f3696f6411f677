import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FileFailed, FileLocked } from "../../domain/errors/files.ts"
import type { ConfigInvalid } from "../../domain/errors/project.ts"
import type { ServerExists, ServerNotFound } from "../../domain/errors/servers.ts"
import type { RegisteredServer } from "../../domain/server-registry/registered-server.ts"

/** The servers that this user has added (`[[servers]]` in config.toml), in the order of the file. */
export class ServerRegistry extends Context.Tag("tako/ServerRegistry")<
  ServerRegistry,
  {
    /** Empty without a config.toml. */
    readonly all: Effect.Effect<ReadonlyArray<RegisteredServer>, ConfigInvalid | FileFailed>
    readonly add: (
      server: RegisteredServer
    ) => Effect.Effect<void, ServerExists | ConfigInvalid | FileFailed | FileLocked>
    readonly remove: (
      name: string
    ) => Effect.Effect<void, ServerNotFound | ConfigInvalid | FileFailed | FileLocked>
  }
>() {}
