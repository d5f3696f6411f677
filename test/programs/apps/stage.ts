import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { RegisteredServer } from "../../../src/domain/server-registry/registered-server.ts"
import { apps } from "../../../src/main/cli/apps/apps.ts"
import { group } from "../../../src/main/cli/command.ts"
import { logs } from "../../../src/main/cli/logs.ts"
import { runCli } from "../../../src/main/cli/run-cli.ts"
import { status } from "../../../src/main/cli/status.ts"
import { layerMemory as cipher } from "../../../src/services/cipher/layer-memory.ts"
import type { StartedProcess } from "../../../src/services/process-spawner/layer-memory.ts"
import { layerMemory as projectOf } from "../../../src/services/project/layer-memory.ts"
import { layerMemory as secretsFile } from "../../../src/services/secrets-file/layer-memory.ts"
import { layerMemory as serversOf } from "../../../src/services/server-registry/layer-memory.ts"
import { Signals } from "../../../src/services/signals/signals.ts"
import { StdioTranscript, layerMemory as stdio } from "../../../src/services/stdio/layer-memory.ts"
import { layerMemory as terminal } from "../../../src/services/terminal/layer-memory.ts"
import type { Transport } from "../../../src/services/transport/transport.ts"
import { world } from "../supervisor/world.ts"
import { type Cut, type Peer, transportTo } from "../sync/stage.ts"

export const entry = (name: string): RegisteredServer => ({
  name,
  socket: "/s",
  ssh: { host: `${name}.example` }
})

export const toml = `
name = "shop"
start = ["node", "server.js"]
release = "node migrate.js"
[vars]
GREETING = "hello"
[envs.production]
instances = 2
listen = "127.0.0.1:8080"
drain = "5s"
`

const root = group("tako", { summary: "" }, [status, logs, apps])

export interface Circumstances {
  readonly toml?: string | undefined
  /** The names of the servers in config.toml. */
  readonly servers?: ReadonlyArray<string>
  readonly transport: Layer.Layer<Transport>
  readonly isTerminal?: boolean
  readonly answers?: ReadonlyArray<string>
}

/** Runs the real command line over in-memory services; nothing outlives the run. */
export const typed = (
  line: string,
  { toml, servers = [], transport, isTerminal = false, answers }: Circumstances
) =>
  Effect.gen(function* () {
    const services = Layer.mergeAll(
      transport,
      cipher,
      secretsFile,
      serversOf(servers.map(entry)),
      projectOf({ root: "/srv/shop", files: new Map(toml === undefined ? [] : [["tako.toml", toml]]) }),
      terminal({ isThere: answers !== undefined, answers: answers ?? [] })
    )
    const transcript = yield* StdioTranscript
    const code = yield* runCli(root, services, {
      argv: line.split(" "),
      environment: {},
      columns: () => 100,
      version: "1"
    })
    return { code, stdout: yield* transcript.stdout, stderr: yield* transcript.stderr }
  }).pipe(
    Effect.provide(
      Layer.merge(
        stdio({ stdoutIsTerminal: isTerminal, stderrIsTerminal: isTerminal }),
        Layer.succeed(Signals, { handle: () => Effect.void, terminateWith: () => Effect.never })
      )
    )
  )

/** The behaviour of a good app: its release command succeeds, and it reports a port. */
export const good = (process: StartedProcess) =>
  process.spec.command.includes("node migrate.js")
    ? process.end({ _tag: "Exited", code: 0 })
    : process.report({ _tag: "Listening", port: 3000 + process.pid })

/** A server in memory, reached as `local` or by these names of config.toml, and a command line that talks to it. */
export const served = (
  names: ReadonlyArray<string> = [],
  {
    others = {},
    cut
  }: { readonly others?: Readonly<Record<string, Peer>>; readonly cut?: () => Cut | undefined } = {}
) =>
  Effect.gen(function* () {
    const server = yield* world
    server.acts.behave = good
    yield* server.start
    const mine = names.length === 0 ? ["local"] : names
    const peers = { ...Object.fromEntries(mine.map((name) => [name, server.line])), ...others }
    const { layer, sent, open } = transportTo(peers, (name) => (mine.includes(name) ? cut?.() : undefined))
    const tako = (line: string, circumstances: Partial<Circumstances> = {}) =>
      server.passing(
        typed(line, { toml, servers: [...names, ...Object.keys(others)], transport: layer, ...circumstances })
      )
    return { server, tako, sent, open }
  })
