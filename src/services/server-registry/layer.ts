import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { FileLocked } from "../../domain/errors/files.ts"
import { ConfigInvalid } from "../../domain/errors/project.ts"
import { serverExists, serverNotFound } from "../../domain/errors/servers.ts"
import { withoutServer, withServer } from "../../domain/server-registry/config-toml.ts"
import type { RegisteredServer } from "../../domain/server-registry/registered-server.ts"
import { attempt } from "../files/errno.ts"
import { whileLocked } from "../files/lock.ts"
import { makePrivateFolder } from "../files/private.ts"
import { replace } from "../files/replace.ts"
import { Home } from "../home/home.ts"
import { type ConfigFile, readConfigFile, readText } from "./read-config.ts"
import { ServerRegistry } from "./server-registry.ts"

/** The user's config.toml. It is changed under a lock, and keeps everything that was written by hand. */
export const layer: Layer.Layer<ServerRegistry, never, Home> = Layer.effect(
  ServerRegistry,
  Effect.map(Home, ({ config: folder }) => {
    const path = Path.join(folder, "config.toml")

    const change = <E>(make: (file: ConfigFile) => Effect.Effect<Change, E | ConfigInvalid>) =>
      Effect.gen(function* () {
        yield* makePrivateFolder(folder)
        // A link stays a link: some people keep such files elsewhere.
        const real = yield* attempt("read", path, () =>
          Fs.existsSync(path) ? Fs.realpathSync.native(path) : path
        )
        yield* whileLocked(real, (lock) =>
          Effect.gen(function* () {
            const file = yield* readConfigFile(real)
            const { text, servers } = yield* make(file)
            const again = yield* Effect.option(readText(text, real))
            if (again._tag === "None" || !same(again.value.servers, servers)) {
              return yield* new ConfigInvalid({ path: real, problem: unsupportedForm })
            }
            const stillOurs = Effect.filterOrFail(
              lock.isOurs,
              (ours) => ours,
              () => new FileLocked({ path: real })
            )
            const permissions =
              file.stats === undefined
                ? ({ _tag: "Exactly", mode: 0o600 } as const)
                : ({ _tag: "Like", stats: file.stats } as const)
            yield* replace(real, Buffer.from(text), permissions, Effect.asVoid(stillOurs))
          })
        )
      })

    return {
      all: Effect.map(readConfigFile(path), ({ servers }) => servers),
      add: Effect.fn("ServerRegistry.add")((server) =>
        change(({ text, servers }) => {
          const already = servers.find(({ name }) => name === server.name)
          return already === undefined
            ? Effect.succeed({ text: withServer(text, server), servers: [...servers, server] })
            : Effect.fail(serverExists(already))
        })
      ),
      remove: Effect.fn("ServerRegistry.remove")((name) =>
        change(({ path, text, servers }) => {
          const index = servers.findIndex((one) => one.name === name)
          if (index < 0) return Effect.fail(serverNotFound(name, servers))
          const shorter = withoutServer(text, index)
          return shorter === undefined
            ? new ConfigInvalid({ path, problem: unsupportedForm })
            : Effect.succeed({ text: shorter, servers: servers.toSpliced(index, 1) })
        })
      )
    }
  })
)

interface Change {
  readonly text: string
  /** The servers that the text has to declare. */
  readonly servers: ReadonlyArray<RegisteredServer>
}

const unsupportedForm = "its servers are written in a form that tako cannot change; edit it by hand"

const same = (one: ReadonlyArray<RegisteredServer>, other: ReadonlyArray<RegisteredServer>): boolean =>
  JSON.stringify(one.map(plain)) === JSON.stringify(other.map(plain))

const plain = ({ name, socket, ssh: { host, port, user } }: RegisteredServer) => [
  name,
  socket,
  host,
  port,
  user
]
