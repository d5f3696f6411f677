import * as Layer from "effect/Layer"
import { type Environments, empty } from "../../domain/secrets-file/environments.ts"
import type { RegisteredServer } from "../../domain/server-registry/registered-server.ts"
import { layerMemory as appHome } from "../../services/app-home/layer-memory.ts"
import { layerMemory as balancer } from "../../services/balancer/layer-memory.ts"
import { layerMemory as cipher } from "../../services/cipher/layer-memory.ts"
import { layerMemory as clipboard } from "../../services/clipboard/layer-memory.ts"
import { layerMemory as health } from "../../services/health/layer-memory.ts"
import { layerMemory as history } from "../../services/history/layer-memory.ts"
import { layerMemory as home } from "../../services/home/layer-memory.ts"
import { layerMemory as instanceLog } from "../../services/instance-log/layer-memory.ts"
import { layerMemory as keyCache } from "../../services/key-cache/layer-memory.ts"
import { layerMemory as keyDerivation } from "../../services/key-derivation/layer-memory.ts"
import { layerMemory as keyPins } from "../../services/key-pins/layer-memory.ts"
import { layer as keySource } from "../../services/key-source/layer.ts"
import { layerMemory as knownHosts } from "../../services/known-hosts/layer-memory.ts"
import { layerMemory as management } from "../../services/management/layer-memory.ts"
import type { Handler } from "../../services/management/management.ts"
import { layerMemory as passphraseWords } from "../../services/passphrase-words/layer-memory.ts"
import { layerMemory as processSpawner } from "../../services/process-spawner/layer-memory.ts"
import { layerMemory as project } from "../../services/project/layer-memory.ts"
import { layerMemory as sdkSources } from "../../services/sdk-sources/layer-memory.ts"
import { layerMemoryOf as secretsFileOf } from "../../services/secrets-file/layer-memory.ts"
import { layerMemory as serverKey } from "../../services/server-key/layer-memory.ts"
import { layerMemory as serverRegistry } from "../../services/server-registry/layer-memory.ts"
import { layerMemory as serverState } from "../../services/server-state/layer-memory.ts"
import { layerMemory as signals } from "../../services/signals/layer-memory.ts"
import { layerMemory as sourceTree } from "../../services/source-tree/layer-memory.ts"
import { layerMemory as sshConfig } from "../../services/ssh-config/layer-memory.ts"
import { layerMemory as stdio } from "../../services/stdio/layer-memory.ts"
import type { interrupt } from "../../services/terminal/layer-memory.ts"
import { layerMemory as terminal } from "../../services/terminal/layer-memory.ts"
import { layerMemory as terminalModes } from "../../services/terminal-modes/layer-memory.ts"
import { layerMemory as transport } from "../../services/transport/layer-memory.ts"
import { layerMemory as watch } from "../../services/watch/layer-memory.ts"

export interface Everything {
  /** The project's files by their paths from its root: `tako.toml`, source files. */
  readonly root?: string
  readonly files?: Map<string, string>
  /** The content of `.tako/secrets.json`; empty by default. */
  readonly environments?: Environments
  /** A person's answers to questions, in order. Without them there is no terminal. */
  readonly answers?: ReadonlyArray<string | typeof interrupt>
  readonly stdin?: string
  /** The content of config.toml, and the handler that answers for each server, by name. */
  readonly servers?: ReadonlyArray<RegisteredServer>
  readonly handlers?: ReadonlyMap<string, Handler>
}

/** Every Tag in memory at once, for any program. Build it anew for each test, because it keeps its state. */
export const everything = (options: Everything = {}) => {
  const { root = "/project", files = new Map<string, string>(), answers } = options
  const machine = Layer.mergeAll(
    cipher,
    keyDerivation,
    passphraseWords,
    keyCache,
    home,
    clipboard(),
    terminal({ isThere: answers !== undefined, answers: answers ?? [] }),
    terminalModes,
    stdio({ stdin: options.stdin ?? "" }),
    signals,
    watch
  )
  const ofProject = Layer.mergeAll(
    secretsFileOf(options.environments ?? empty),
    keyPins,
    history(),
    sourceTree(files),
    sdkSources
  ).pipe(Layer.provideMerge(project({ root, files })))
  const processes = Layer.mergeAll(processSpawner(), balancer, health)
  const clients = Layer.mergeAll(
    serverRegistry(options.servers ?? []),
    transport(options.handlers ?? new Map()),
    sshConfig(new Map()),
    knownHosts()
  )
  const server = Layer.mergeAll(management, serverState, serverKey, appHome, instanceLog)
  return Layer.provideMerge(keySource, Layer.mergeAll(machine, ofProject, processes, clients, server))
}
