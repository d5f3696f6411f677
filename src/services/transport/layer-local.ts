import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { ServerUnreachable } from "../../domain/errors/server.ts"
import type { Target } from "../../domain/server/target.ts"
import { errnoOf, quietly } from "../files/errno.ts"
import { Transport } from "./transport.ts"
import { overStream } from "./wire.ts"

/** Servers on this machine, by their unix sockets. */
export const layerLocalOf = ({ connectWithin }: { readonly connectWithin: Duration.DurationInput }) =>
  Layer.succeed(Transport, {
    connect: Effect.fn("Transport.connect")(({ name, socket, ssh }: Target) =>
      ssh === undefined
        ? Effect.zipRight(check(name, socket), open(name, socket, connectWithin)).pipe(
            Effect.flatMap((stream) => overStream(name, stream))
          )
        : new ServerUnreachable({
            server: name,
            stage: "resolve",
            reason: "it is on another machine",
            hint: "Only servers on this machine can be reached in this way: --server local"
          })
    )
  })

export const layerLocal: Layer.Layer<Transport> = layerLocalOf({ connectWithin: "10 seconds" })

/** Secrets are going to be sent to whoever listens. What cannot be looked at is told by connecting. */
const check = (server: string, path: string): Effect.Effect<void, ServerUnreachable> =>
  Effect.suspend(() => {
    let isRight = true
    quietly(() => {
      isRight = isTrusted(path)
    })
    return isRight
      ? Effect.void
      : new ServerUnreachable({
          server,
          stage: "connect",
          reason: "another user may have put that socket there",
          hint: `Nothing was sent. tako-server's socket belongs in a folder that only its own user may write to, and ${path} is not in one.`
        })
  })

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
  new ServerUnreachable({ server, stage: "connect", reason, hint: hintOf(path, reason) })

const hintOf = (path: string, reason: string): string => {
  switch (reason) {
    case "ENOENT":
    case "ECONNREFUSED":
      return `No tako-server listens on ${path}. Start it, or say where its socket is: TAKO_SOCKET=PATH`
    case "EACCES":
    case "EPERM":
      return `Only tako-server's own user, and the group that it was given, may use ${path}.`
    default:
      return `tako-server's socket is to be ${path}.`
  }
}

/**
 * Whether nobody could have put a socket at this path whom we would not let have our secrets: what is on the way is root's or
 * ours, or belongs to the socket's own user in a folder that only root or we write to. Another user's in /tmp may be anybody's.
 * True where there is none; throws an errno.
 */
export const isTrusted = (path: string, us: number | undefined = process.geteuid?.()): boolean => {
  const socket = Fs.statSync(path, { throwIfNoEntry: false })
  if (socket === undefined) return true
  const isOurs = (uid: number) => uid === 0 || uid === us
  for (const entry of entriesTo(Fs.realpathSync(path))) {
    const { uid } = Fs.statSync(entry)
    const { mode } = Fs.statSync(Path.dirname(entry))
    if (!isOurs(uid)) return uid === socket.uid && (mode & 0o022) === 0
    // What is in a sticky one is moved and removed by its owner alone (unlink(2)).
    if ((mode & 0o1002) === 0o002) return false
  }
  return true
}

/** From the root on, which is not among them. */
const entriesTo = (path: string): ReadonlyArray<string> => {
  const parent = Path.dirname(path)
  return parent === path ? [] : [...entriesTo(parent), path]
}
