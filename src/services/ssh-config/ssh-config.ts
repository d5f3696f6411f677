import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ServerUnreachable } from "../../domain/errors/server.ts"
import type { Destination } from "../../domain/server-registry/destination.ts"
import type { SshSettings } from "../../domain/ssh/ssh-settings.ts"

/** How this user's ssh would reach a host, according to ~/.ssh/config, /etc/ssh/ssh_config and ssh's defaults. */
export class SshConfig extends Context.Tag("tako/SshConfig")<
  SshConfig,
  {
    /** `server` is named in errors, whose stage is "resolve". */
    readonly resolve: (
      server: string,
      destination: Destination
    ) => Effect.Effect<SshSettings, ServerUnreachable>
  }
>() {}
