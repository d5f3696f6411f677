import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { serverExists, serverNotFound } from "../../domain/errors/servers.ts"
import type { RegisteredServer } from "../../domain/server-registry/registered-server.ts"
import { ServerRegistry } from "./server-registry.ts"

/** A registry in memory, with these servers at first. */
export const layerMemory = (servers: ReadonlyArray<RegisteredServer> = []): Layer.Layer<ServerRegistry> =>
  Layer.effect(
    ServerRegistry,
    Effect.map(Ref.make(servers), (all) => ({
      all: Ref.get(all),
      add: (server) =>
        Effect.flatMap(Ref.get(all), (known) => {
          const same = known.find(({ name }) => name === server.name)
          return same === undefined ? Ref.set(all, [...known, server]) : serverExists(same)
        }),
      remove: (name) =>
        Effect.flatMap(Ref.get(all), (known) =>
          known.some((one) => one.name === name)
            ? Ref.set(
                all,
                known.filter((one) => one.name !== name)
              )
            : serverNotFound(name, known)
        )
    }))
  )
