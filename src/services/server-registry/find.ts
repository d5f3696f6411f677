import * as Option from "effect/Option"
import { nearest } from "../../domain/did-you-mean.ts"
import { ServerExists, ServerNotFound } from "../../domain/errors/servers.ts"
import { shownDestination } from "../../domain/server-registry/destination.ts"
import type { RegisteredServer } from "../../domain/server-registry/registered-server.ts"

export const notFound = (name: string, servers: ReadonlyArray<RegisteredServer>): ServerNotFound =>
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

export const exists = ({ name, ssh }: RegisteredServer): ServerExists =>
  new ServerExists({ server: name, destination: shownDestination(ssh) })
