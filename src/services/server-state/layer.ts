import * as Net from "node:net"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Audit from "../../domain/app/audit.ts"
import type { FileFailed, FileLocked } from "../../domain/errors/files.ts"
import type { DataUnsafe, SocketRefused } from "../../domain/errors/server.ts"
import { listenExclusively } from "../files/exclusive-socket.ts"
import { makePrivateFolder, unchangeable } from "../files/private.ts"
import { ServerKey } from "../server-key/server-key.ts"
import * as AuditFile from "./audit-file.ts"
import { auditPath, checkApp, checkFolder, folderOf, folders, makeApp } from "./folders.ts"
import { inMemory, onDisk, type Revisions } from "./revisions.ts"
import { ServerState } from "./server-state.ts"
import * as StateFiles from "./state-files.ts"
import { recover } from "./state-files.ts"

export interface DataDirectory {
  /** An absolute path, created with mode 0700 if missing. */
  readonly directory: string
}

/** SocketRefused "taken": another process uses the data directory. */
export type DataDirectoryError = SocketRefused | DataUnsafe | FileFailed | FileLocked

/** State and sealed secrets in a directory that no other process can use while the layer lives. */
export const layer = (data: DataDirectory): Layer.Layer<ServerState, DataDirectoryError, ServerKey> =>
  Layer.scoped(
    ServerState,
    Effect.flatMap(ServerKey, (key) => build(data, onDisk(data.directory, key)))
  )

/** State on disk, secrets only in memory: after a restart they have to be synced again. */
export const layerMemoryOnly = (data: DataDirectory): Layer.Layer<ServerState, DataDirectoryError> =>
  Layer.scoped(
    ServerState,
    Effect.suspend(() => build(data, inMemory()))
  )

const build = Effect.fnUntraced(function* ({ directory: data }: DataDirectory, revisions: Revisions) {
  yield* makePrivateFolder(data)
  yield* checkFolder(data, unchangeable)
  // A successful connection means the directory is in use. Nothing is served on it.
  const guard = Net.createServer((socket) => void socket.on("error", () => {}).destroy())
  yield* listenExclusively(guard, { path: Path.join(data, "owner") })
  yield* recover(data, { secrets: revisions.onDisk })
  const { stage, secrets, discard } = revisions
  return ServerState.of({
    apps: Effect.map(folders(data), (all) => all.filter((app) => StateFiles.exists(data, app))),
    read: (app) => StateFiles.read(data, app),
    write: (state) => StateFiles.write(data, state),
    stage,
    secrets,
    discard,
    remove: (app) => Effect.zipRight(StateFiles.remove(data, app), revisions.forget(app)),
    record: (app, entry) =>
      Effect.zipRight(
        makeApp(data, app),
        AuditFile.append(auditPath(folderOf(data, app)), Audit.print(entry))
      ),
    audit: (app, limit) =>
      Effect.flatMap(checkApp(data, app), (exists) =>
        exists
          ? Effect.map(AuditFile.tail(auditPath(folderOf(data, app))), (text) =>
              Audit.parse(text).slice(-limit)
            )
          : Effect.succeed([])
      )
  })
})
