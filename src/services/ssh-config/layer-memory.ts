import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import { type HostIdentity, hostIdentity } from "../../domain/ssh/host-identity.ts"
import type { SshSettings } from "../../domain/ssh/ssh-settings.ts"
import { SshConfig } from "./ssh-config.ts"

/** Settings of these hosts, by name. Other hosts cannot be resolved. */
export const layerMemory = (hosts: ReadonlyMap<string, SshSettings>): Layer.Layer<SshConfig> =>
  Layer.succeed(SshConfig, {
    resolve: (server, { host, port, user }) => {
      const settings = hosts.get(host)
      if (settings === undefined)
        return new ServerUnreachable({ server, stage: "resolve", reason: "ENOTFOUND" })
      return Effect.succeed({
        ...settings,
        ...omitUndefined({ port, user }),
        identity: port === undefined ? settings.identity : identityAt(port, settings)
      })
    }
  })

/** An alias (HostKeyAlias) stands for the host at every port. */
const identityAt = (port: number, { hostname: host, port: usual, identity }: SshSettings): HostIdentity =>
  identity.name === hostIdentity({ host, port: usual }, identity).name
    ? hostIdentity({ host, port }, identity)
    : identity
