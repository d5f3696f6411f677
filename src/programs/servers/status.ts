import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { serverNotFound } from "../../domain/errors/servers.ts"
import type { ServerInfo } from "../../domain/protocol/replies.ts"
import { localName, sshTarget } from "../../domain/server-registry/registered-server.ts"
import { ServerRegistry } from "../../services/server-registry/server-registry.ts"
import { type Outcome, onEach } from "../client/client.ts"
import { localServer } from "./lookup.ts"

/** A server that answers. */
export interface ServerVersion {
  readonly version: string
  /** What else it reports; an older server does not. */
  readonly info: Option.Option<ServerInfo>
}

export type ServerStatus = Outcome<ServerVersion>

/** Asks the servers of these names, or all in the registry; in its order, with this machine's server last. */
export const status = Effect.fn("servers.status")(function* (names: ReadonlyArray<string>) {
  const registered = yield* (yield* ServerRegistry).all
  const unknown = names.find((name) => name !== localName && !registered.some((one) => one.name === name))
  if (unknown !== undefined) return yield* serverNotFound(unknown, registered)
  const named = names.length === 0 ? registered : registered.filter(({ name }) => names.includes(name))
  const local = names.includes(localName) ? [yield* localServer] : []
  return yield* onEach([...named.map(sshTarget), ...local], ({ hello, call }) =>
    Effect.map(
      Effect.option(call({ command: "server_info" })),
      (info): ServerVersion => ({ version: hello.server_version, info })
    )
  )
})
