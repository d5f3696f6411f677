import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { FileFailed, FileLocked } from "../../domain/errors/files.ts"
import { SocketRefused } from "../../domain/errors/server.ts"
import { attempt, errnoOf, quietly, unless } from "./attempt.ts"
import { whileLocked } from "./lock.ts"

/** The longest path that bind(2) takes: sun_path less its NUL (unix(7); 104 bytes on macOS). */
const maxPathLength = process.platform === "linux" ? 107 : 103

/** How long a socket that is there is asked whether somebody listens, in ms. */
const patience = 2000

export interface ClaimOptions {
  readonly path: string
  /** The id of a group whose members may connect, too; nobody but us without it. */
  readonly group?: number
}

/**
 * Listens at the path as its only process until the scope closes: who claims it while this one lives is refused, however
 * this one ends. What a process left that is gone is replaced; what is no socket is left alone. Nobody but us can connect
 * from the moment that the socket exists.
 */
export const claim = (
  server: Net.Server,
  { path, group }: ClaimOptions
): Effect.Effect<void, SocketRefused | FileFailed | FileLocked, Scope.Scope> =>
  Effect.gen(function* () {
    if (Buffer.byteLength(path) > maxPathLength) {
      return yield* new SocketRefused({ path, problem: "too-long" })
    }
    const taking = Effect.gen(function* () {
      const state = yield* look(path)
      if (state === "dead") {
        yield* attempt("write", path, () => unless(["ENOENT"], () => Fs.unlinkSync(path)))
      } else if (state !== "free") {
        return yield* new SocketRefused({ path, problem: state })
      }
      yield* listen(server, path)
      yield* Effect.onError(open(path, group), () => close(server))
    })
    yield* Effect.acquireRelease(
      // Two that find the same socket of a dead server must not remove each other's.
      Effect.catchIf(
        whileLocked(path, () => taking),
        isFull,
        () =>
          Effect.zipRight(
            taking,
            Effect.onError(stays(path), () => close(server))
          )
      ),
      () => close(server)
    )
  })

/** There is no room for the file of a lock. A socket takes none, and a disk that is full must not keep a server from its start. */
const isFull = (error: SocketRefused | FileFailed | FileLocked): boolean =>
  error._tag === "FileFailed" &&
  error.operation === "lock" &&
  (error.code === "ENOSPC" || error.code === "EDQUOT")

/** Without a lock: whoever looked before we listened, and took ours for the dead one, has replaced it by now. */
const stays = (path: string): Effect.Effect<void, SocketRefused> => {
  const identity = Effect.sync(() => Fs.lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino)
  return Effect.flatMap(
    Effect.zip(identity, Effect.zipRight(Effect.sleep("200 millis"), identity)),
    ([ours, now]) =>
      ours !== undefined && ours === now ? Effect.void : new SocketRefused({ path, problem: "taken" })
  )
}

/** What is at the path: nothing, a socket that nobody listens on, or what must stay. */
const look = (path: string) =>
  Effect.flatMap(
    attempt("read", path, () => Fs.lstatSync(path, { throwIfNoEntry: false })),
    (stats): Effect.Effect<"free" | "dead" | "taken" | "not-a-socket" | "foreign-owner"> => {
      if (stats === undefined) return Effect.succeed("free")
      if (!stats.isSocket()) return Effect.succeed("not-a-socket")
      if (stats.uid !== process.geteuid?.()) return Effect.succeed("foreign-owner")
      return isDead(path)
    }
  )

/** Only a refused connection tells that nobody listens. */
const isDead = (path: string): Effect.Effect<"free" | "dead" | "taken"> =>
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
    Effect.timeoutTo({ duration: patience, onSuccess: (state) => state, onTimeout: () => "taken" })
  )

/**
 * Node binds within the call, so the umask is another one for no other code of ours: a file that a thread of libuv's makes
 * at the same time is more private than it was to be.
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
        // Of single connections that could not be accepted (EMFILE): the next one may be.
        server.off("error", failed).on("error", () => {})
        resume(Effect.void)
      })
    } catch (error) {
      failed(error)
    } finally {
      process.umask(mask)
    }
  })

/** The group first: for a moment without it, it is nobody's but ours. */
const open = (path: string, group: number | undefined) =>
  attempt("write", path, () => {
    if (group === undefined) return
    Fs.chownSync(path, process.geteuid?.() ?? -1, group)
    Fs.chmodSync(path, 0o660)
  })

/** Node removes the file when it closes; connections that are open are not touched. */
const close = (server: Net.Server): Effect.Effect<void> => Effect.sync(() => quietly(() => server.close()))
