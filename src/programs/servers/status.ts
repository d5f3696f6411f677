import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import type { Interrupted } from "../../domain/errors/user.ts"
import type { ServerInfo } from "../../domain/protocol/replies.ts"
import type { Target } from "../../domain/server/target.ts"
import { localName } from "../../domain/server-registry/registered-server.ts"
import { notFound } from "../../services/server-registry/find.ts"
import { ServerRegistry } from "../../services/server-registry/server-registry.ts"
import { connect, type ServerError } from "../client/client.ts"
import { localServer } from "./lookup.ts"

/** A server that answers. */
export interface Alive {
  readonly version: string
  /** What else it tells of itself; an older one may not. */
  readonly info: Option.Option<ServerInfo>
}

export interface ServerStatus {
  readonly server: Target
  readonly outcome: Either.Either<Alive, Exclude<ServerError, Interrupted>>
}

/** How many are asked at the same time. */
const abreast = 16

/** Asks the servers of these names, or all that were added; in the order of config.toml, and this machine's last. */
export const status = Effect.fn("servers.status")(function* (names: ReadonlyArray<string>) {
  const servers = yield* ServerRegistry
  const all = yield* servers.all
  const unknown = names.find((name) => name !== localName && !all.some((one) => one.name === name))
  if (unknown !== undefined) return yield* notFound(unknown, all)
  const added = names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
  const asked: ReadonlyArray<Target> = names.includes(localName) ? [...added, yield* localServer] : added
  return yield* Effect.forEach(asked, ask, { concurrency: abreast })
})

const ask = (server: Target) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { hello, call } = yield* connect(server)
      const info = yield* Effect.option(call({ command: "server_info" }))
      return { version: hello.server_version, info }
    })
  ).pipe(
    Effect.map((alive): ServerStatus => ({ server, outcome: Either.right(alive) })),
    Effect.catchAll((error) =>
      error._tag === "Interrupted"
        ? Effect.fail(error)
        : Effect.succeed<ServerStatus>({ server, outcome: Either.left(error) })
    )
  )
