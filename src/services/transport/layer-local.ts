import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import type { LocalTarget } from "../../domain/target.ts"
import { errnoOf, quietly } from "../files/errno.ts"
import { type Connector, Transport, transportOf } from "./transport.ts"
import { wireOver } from "./wire.ts"

export interface LocalOptions {
  readonly connectWithin: Duration.DurationInput
}

/** Connects to servers on this machine by their unix sockets. */
export const localConnector =
  ({ connectWithin }: LocalOptions = { connectWithin: "10 seconds" }): Connector<LocalTarget> =>
  ({ name, socket }) =>
    Effect.zipRight(refuseUntrusted(name, socket), open(name, socket, connectWithin)).pipe(
      Effect.flatMap((stream) => wireOver(name, stream))
    )

export const layerLocalOf = (options: LocalOptions): Layer.Layer<Transport> =>
  Layer.succeed(Transport, transportOf({ Local: localConnector(options) }))

export const layerLocal: Layer.Layer<Transport> = Layer.succeed(
  Transport,
  transportOf({ Local: localConnector() })
)

/** Whoever listens receives secrets. A path that cannot be inspected is left to connecting, which says why it fails. */
const refuseUntrusted = (server: string, path: string): Effect.Effect<void, ServerUnreachable> =>
  Effect.suspend(() => {
    let trusted = true
    quietly(() => {
      trusted = isTrusted(path)
    })
    return trusted
      ? Effect.void
      : new ServerUnreachable({
          server,
          stage: "connect",
          reason: "another user may have created that socket",
          hint: `Nothing was sent. tako-server's socket belongs in a folder that only its own user can write to; ${path} is not in one.`
        })
  })

/**
 * Whether only users whom we trust with secrets can have put a socket at this path. Every entry on the way has to belong to
 * root or to us, or to the socket's own user in a folder that only root or we can write to; another user's socket in /tmp
 * could be anybody's. True when nothing is there; throws an errno.
 */
export const isTrusted = (path: string, us: number | undefined = process.geteuid?.()): boolean => {
  const socket = Fs.statSync(path, { throwIfNoEntry: false })
  if (socket === undefined) return true
  const isOurs = (uid: number) => uid === 0 || uid === us
  for (const entry of entriesTo(Fs.realpathSync(path))) {
    const { uid } = Fs.statSync(entry)
    const { mode } = Fs.statSync(Path.dirname(entry))
    if (!isOurs(uid)) return uid === socket.uid && (mode & 0o022) === 0
    // In a sticky folder only the owner of an entry may move or remove it (unlink(2)).
    if ((mode & 0o1002) === 0o002) return false
  }
  return true
}

/** Every path from the root's children down to this one. */
const entriesTo = (path: string): ReadonlyArray<string> => {
  const parent = Path.dirname(path)
  return parent === path ? [] : [...entriesTo(parent), path]
}

const open = (
  server: string,
  path: string,
  within: Duration.DurationInput
): Effect.Effect<Net.Socket, ServerUnreachable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => Net.connect(path).on("error", () => {})),
    (socket) => Effect.sync(() => socket.destroy())
  ).pipe(
    Effect.tap((socket) =>
      Effect.async<void, ServerUnreachable>((resume) => {
        socket.once("connect", () => resume(Effect.void))
        socket.once("error", (error) => resume(unreachable(server, path, errnoOf(error) ?? "closed")))
      }).pipe(Effect.timeoutFail({ duration: within, onTimeout: () => unreachable(server, path, "timeout") }))
    )
  )

const unreachable = (server: string, path: string, reason: string): ServerUnreachable =>
  new ServerUnreachable({ server, stage: "connect", reason, hint: hintFor(path, reason) })

const hintFor = (path: string, reason: string): string => {
  switch (reason) {
    case "ENOENT":
    case "ECONNREFUSED":
      return `No tako-server listens on ${path}. Start it, or say where its socket is: TAKO_SOCKET=PATH`
    case "EACCES":
    case "EPERM":
      return `Only tako-server's own user, and the group it was given, may use ${path}.`
    default:
      return `tako-server's socket is expected at ${path}.`
  }
}
