import * as Path from "node:path"
import * as Layer from "effect/Layer"
import { omitUndefined } from "../../domain/omit-undefined.ts"
import * as AppHome from "../../services/app-home/layer.ts"
import * as Balancer from "../../services/balancer/layer.ts"
import * as Health from "../../services/health/layer.ts"
import * as InstanceLog from "../../services/instance-log/layer.ts"
import * as Management from "../../services/management/layer.ts"
import * as ProcessSpawner from "../../services/process-spawner/layer.ts"
import * as ServerKey from "../../services/server-key/layer.ts"
import * as ServerKeyMemory from "../../services/server-key/layer-memory.ts"
import { hasSecrets } from "../../services/server-state/folders.ts"
import * as ServerState from "../../services/server-state/layer.ts"
import type { ServerOptions } from "./options.ts"

/** The real services of a server. */
export const layers = (
  { data, socket, group, memoryOnly, keyFile, ids }: ServerOptions,
  credentials: string | undefined
) => {
  const directory = Path.join(data, "files")
  const key = ServerKey.layer({ credentials, file: keyFile, dataDirectory: data, hasData: hasSecrets(data) })
  return Layer.mergeAll(
    memoryOnly
      ? Layer.merge(ServerState.layerMemoryOnly({ directory: data }), ServerKeyMemory.layerMemory)
      : Layer.provideMerge(ServerState.layer({ directory: data }), key),
    ids === undefined ? AppHome.layerShared({ directory }) : AppHome.layerOwnUsers({ directory, ids }),
    InstanceLog.layer({ directory: Path.join(data, "logs") }),
    Management.layer({ path: socket, ...omitUndefined({ group }) }),
    // Each instance takes four pipes, fd 1 to 4.
    ProcessSpawner.layerOf({ poolSize: 32, pipesIn: Path.join(data, "pipes"), ownCgroups: true }),
    Health.layer,
    Balancer.layer
  )
}
