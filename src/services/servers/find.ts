import * as Option from "effect/Option"
import { nearest } from "../../domain/did-you-mean.ts"
import { ServerExists, ServerNotFound } from "../../domain/errors/servers.ts"
import { shownDestination } from "../../domain/servers/destination.ts"
import type { ServerEntry } from "../../domain/servers/server-entry.ts"

export const notFound = (name: string, servers: ReadonlyArray<ServerEntry>): ServerNotFound =>
  new ServerNotFound({
    server: name,
    ...Option.match(
      nearest(
        name,
        servers.map((one) => one.name)
      ),
      { onNone: () => ({}), onSome: (suggestion) => ({ suggestion }) }
    )
  })

export const exists = ({ name, ssh }: ServerEntry): ServerExists =>
  new ServerExists({ server: name, destination: shownDestination(ssh) })
