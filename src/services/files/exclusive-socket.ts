import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { FileFailed, FileLocked } from "../../domain/errors/files.ts"
import { SocketRefused } from "../../domain/errors/server.ts"
import { attempt, errnoOf, quietly, unless } from "./errno.ts"
import { whileLocked } from "./lock.ts"

/** The longest path for bind(2): sun_path without its NUL (unix(7); 104 bytes on macOS). */
const maxPathLength = process.platform === "linux" ? 107 : 103

/** How long to wait for an existing socket to accept or refuse a connection, in ms. */
const probeTimeout = 2000

export interface SocketOptions {
  readonly path: string
  /** The id of a group whose members may connect as well as this user. */
  readonly group?: number
}

/**
 * Listens on a Unix socket as the only process, until the scope closes. A socket left behind by a dead process is replaced;
 * a live one, or a file that is not a socket, is an error. At no time can anybody but this user and the group connect.
 */
export const listenExclusively = (
  server: Net.Server,
  { path, group }: SocketOptions
): Effect.Effect<void, SocketRefused | FileFailed | FileLocked, Scope.Scope> =>
  Effect.gen(function* () {
    if (Buffer.byteLength(path) > maxPathLength) {
      return yield* new SocketRefused({ path, problem: "too-long" })
    }
    const takeOver = Effect.gen(function* () {
      const state = yield* inspect(path)
      if (state === "dead") {
        yield* attempt("write", path, () => unless(["ENOENT"], () => Fs.unlinkSync(path)))
      } else if (state !== "free") {
        return yield* new SocketRefused({ path, problem: state })
      }
      yield* listen(server, path)
      yield* Effect.onError(openToGroup(path, group), () => close(server))
    })
    yield* Effect.acquireRelease(
      // Two processes that find the same dead socket must not remove each other's new one.
      Effect.catchIf(
        whileLocked(path, () => takeOver),
        isFull,
        () =>
          Effect.zipRight(
            takeOver,
            Effect.onError(checkNotReplaced(path), () => close(server))
          )
      ),
      () => close(server)
    )
  })

/** The disk has no room for the lock file. The socket needs none, and a full disk must not keep a server from starting. */
const isFull = (error: SocketRefused | FileFailed | FileLocked): boolean =>
  error._tag === "FileFailed" &&
  error.operation === "lock" &&
  (error.code === "ENOSPC" || error.code === "EDQUOT")

/** Without a lock, a process that mistook our socket for the dead one will have replaced it by now. */
const checkNotReplaced = (path: string): Effect.Effect<void, SocketRefused> => {
  const identity = Effect.sync(() => Fs.lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino)
  return Effect.flatMap(
    Effect.zip(identity, Effect.zipRight(Effect.sleep("200 millis"), identity)),
    ([ours, now]) =>
      ours !== undefined && ours === now ? Effect.void : new SocketRefused({ path, problem: "taken" })
  )
}

/** Finds out whether the path is free, a dead socket, or must be left alone. */
const inspect = (path: string) =>
  Effect.flatMap(
    attempt("read", path, () => Fs.lstatSync(path, { throwIfNoEntry: false })),
    (stats): Effect.Effect<"free" | "dead" | "taken" | "not-a-socket" | "foreign-owner"> => {
      if (stats === undefined) return Effect.succeed("free")
      if (!stats.isSocket()) return Effect.succeed("not-a-socket")
      if (stats.uid !== process.geteuid?.()) return Effect.succeed("foreign-owner")
      return probe(path)
    }
  )

/** Only a refused connection proves that nobody listens. */
const probe = (path: string): Effect.Effect<"free" | "dead" | "taken"> =>
  Effect.async<"free" | "dead" | "taken">((resume) => {
    const socket = Net.connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed("taken"))
    })
    socket.on("error", (error) => {
      const code = errnoOf(error)
      resume(Effect.succeed(code === "ECONNREFUSED" ? "dead" : code === "ENOENT" ? "free" : "taken"))
    })
    return Effect.sync(() => socket.destroy())
  }).pipe(
    Effect.interruptible,
    Effect.timeoutTo({ duration: probeTimeout, onSuccess: (state) => state, onTimeout: () => "taken" })
  )

/**
 * Node binds synchronously, so the changed umask affects no other code of this thread. A file that a libuv thread creates at the
 * same time only becomes more private.
 */
const listen = (server: Net.Server, path: string): Effect.Effect<void, SocketRefused> =>
  Effect.async((resume) => {
    const failed = (error: unknown) => {
      const code = errnoOf(error)
      resume(
        code === undefined
          ? Effect.die(error)
          : Effect.fail(
              code === "EADDRINUSE"
                ? new SocketRefused({ path, problem: "taken" })
                : new SocketRefused({ path, problem: "failed", code })
            )
      )
    }
    server.once("error", failed)
    const mask = process.umask(0o177)
    try {
      server.listen(path, () => {
        // From here on, an error is a connection that could not be accepted (EMFILE). The next one may succeed.
        server.off("error", failed).on("error", () => {})
        resume(Effect.void)
      })
    } catch (error) {
      failed(error)
    } finally {
      process.umask(mask)
    }
  })

/** Sets the group before the mode: until then only this user can connect. */
const openToGroup = (path: string, group: number | undefined) =>
  attempt("write", path, () => {
    if (group === undefined) return
    Fs.chownSync(path, process.geteuid?.() ?? -1, group)
    Fs.chmodSync(path, 0o660)
  })

/** Node removes the file as well. Open connections stay open. */
const close = (server: Net.Server): Effect.Effect<void> => Effect.sync(() => quietly(() => server.close()))
