import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import type * as Net from "node:net"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Response from "../../../src/domain/protocol/replies.ts"
import { answered, contractOf, handler, list } from "../../../src/services/management/contract.ts"
import { layer, maxClients } from "../../../src/services/management/layer.ts"
import { layerMemory, ManagementClient } from "../../../src/services/management/layer-memory.ts"
import { type Handler, Management } from "../../../src/services/management/management.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { testContract } from "../../support/contract.ts"
import { needs } from "../../support/needs.ts"
import { start } from "../files/child.ts"
import { temporaryFolder } from "../files/folder.ts"
import { ask, askLine } from "./ask.ts"

const socketIn = Effect.map(temporaryFolder(), (folder) => Path.join(folder, "tako.sock"))

const serve = (path: string, handle: Handler = handler) =>
  Effect.flatMap(Management, (management) => management.serve(handle)).pipe(Effect.provide(layer({ path })))

/** On a socket of its own, with a client of it. */
const overSocket = Layer.unwrapScoped(
  Effect.map(socketIn, (path) =>
    Layer.merge(
      layer({ path }),
      Layer.succeed(ManagementClient, (line) => Effect.promise(() => askLine(path, line)))
    )
  )
)
const contract = contractOf((line) => Effect.flatMap(ManagementClient, (send) => send(line)))

testContract("Management", contract, overSocket)
testContract("Management in memory", contract, layerMemory)

describe("a client", () => {
  const served = <A>(test: (path: string) => Promise<A>) =>
    Effect.gen(function* () {
      const path = yield* socketIn
      yield* serve(path)
      yield* Effect.promise(() => test(path))
    })

  it.scopedLive("may send one request after another, in pieces, and several at once", () =>
    served(async (path) => {
      const three = (received: string) => received === answered.repeat(3)
      const send = (socket: Net.Socket) => {
        socket.write(`${list}\n${list}\n${list.slice(0, 7)}`, () => {
          setImmediate(() => socket.write(`${list.slice(7)}\n`))
        })
      }
      assert.strictEqual(await ask(path, send, three), answered.repeat(3))
    })
  )

  it.scopedLive("that has closed its side is still answered, unless its line was cut off", () =>
    served(async (path) => {
      assert.strictEqual(await ask(path, (socket) => socket.end(`${list}\n`)), answered)
      assert.include(await ask(path, (socket) => socket.end(list)), "cut off")
      assert.strictEqual(await ask(path, (socket) => socket.end()), "")
    })
  )

  it.scopedLive("may send 16 MiB, and not one byte more", () =>
    served(async (path) => {
      const most = 16 * 1024 * 1024
      const padded = (length: number) => `${list}${" ".repeat(length - list.length)}\n`
      assert.strictEqual(await askLine(path, padded(most).slice(0, -1)), answered)
      assert.include(await ask(path, (socket) => socket.end(padded(most + 1))), "longer than 16 MiB")
      assert.include(await ask(path, (socket) => socket.write(Buffer.alloc(most + 1, "x"))), "longer")
    })
  )

  it.scopedLive("is served beside 49 others while more are slow, but not as one of 101", () =>
    served(async (path) => {
      const slow = Array.from({ length: 50 }, () => ask(path, (socket) => socket.write('{"comm')))
      const quick = Array.from({ length: 50 }, () =>
        ask(
          path,
          (socket) => socket.write(`${list}\n`),
          (text) => text === answered
        )
      )
      assert.deepStrictEqual(
        await Promise.all(quick),
        Array.from({ length: 50 }, () => answered)
      )
      const idle = Array.from({ length: maxClients - 50 }, () => ask(path, () => {}))
      assert.include(await ask(path, () => {}), `${maxClients} clients`)
      void Promise.all([...slow, ...idle])
    })
  )

  it.scopedLive("that disconnects does not stop its request", () =>
    Effect.gen(function* () {
      const path = yield* socketIn
      const begun = yield* Deferred.make<void>()
      const left = yield* Deferred.make<void>()
      const ended = yield* Deferred.make<void>()
      yield* serve(path, () =>
        Deferred.succeed(begun, undefined).pipe(
          Effect.zipRight(Deferred.await(left)),
          Effect.zipRight(Deferred.succeed(ended, undefined)),
          Effect.as(Response.ok<"list">({ apps: [] }))
        )
      )
      const leaving = yield* Effect.promise(async () => {
        let socket: Net.Socket | undefined
        const gone = ask(path, (connected) => {
          socket = connected
          connected.write(`${list}\n`)
        })
        return { gone, leave: () => socket?.destroy() }
      })
      yield* Deferred.await(begun)
      leaving.leave()
      yield* Effect.promise(() => leaving.gone)
      yield* Deferred.succeed(left, undefined)
      yield* Deferred.await(ended)
    })
  )

  it.scopedLive("is disconnected when the server stops, and the socket is removed", () =>
    Effect.gen(function* () {
      const path = yield* socketIn
      const scope = yield* Scope.make()
      const begun = yield* Deferred.make<void>()
      const forever: Handler = () => Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never)
      yield* Scope.extend(serve(path, forever), scope)
      const received = askLine(path, list)
      yield* Deferred.await(begun)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* Effect.promise(() => received), "")
      assert.isFalse(Fs.existsSync(path))
    })
  )
})

describe("the socket", () => {
  it.scopedLive("has mode 0600, or 0660 with a group, whatever the umask", () =>
    Effect.gen(function* () {
      const path = yield* socketIn
      const mask = process.umask(0)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.umask(mask)))
      yield* Effect.scoped(
        Effect.zipRight(
          serve(path),
          Effect.sync(() => assert.strictEqual(Fs.statSync(path).mode & 0o7777, 0o600))
        )
      )
      assert.strictEqual(process.umask(), 0)
      const group = process.getegid?.() ?? 0
      yield* Effect.flatMap(Management, ({ serve }) => serve(handler)).pipe(
        Effect.provide(layer({ path, group }))
      )
      const stats = Fs.statSync(path)
      assert.deepStrictEqual([stats.mode & 0o7777, stats.gid], [0o660, group])
    })
  )

  it.scopedLive("of a running server is left alone", () =>
    Effect.gen(function* () {
      const path = yield* socketIn
      yield* serve(path)
      const error = yield* Effect.flip(Effect.scoped(serve(path)))
      assert.deepInclude(error, { _tag: "SocketRefused", problem: "taken" })
      assert.strictEqual(yield* Effect.promise(() => askLine(path, list)), answered)
    })
  )

  it.scopedLive("does not replace a file, and is not created at a path that is too long", () =>
    Effect.gen(function* () {
      const path = yield* socketIn
      Fs.writeFileSync(path, "precious")
      assert.deepInclude(yield* Effect.flip(serve(path)), { problem: "not-a-socket" })
      assert.strictEqual(Fs.readFileSync(path, "utf8"), "precious")
      assert.deepInclude(yield* Effect.flip(serve(`${path}${"x".repeat(100)}`)), { problem: "too-long" })
    })
  )
})

describe("the socket of a process", () => {
  let server: Bundle
  beforeAll(async () => {
    server = await bundle(Path.join(import.meta.dirname, "fixture", "server.ts"))
  })
  afterAll(() => server?.remove())

  it.scopedLive("that was killed is replaced by exactly one of those that try", () =>
    Effect.gen(function* () {
      const path = yield* socketIn
      const killed = yield* start([process.execPath, server.path, path])
      yield* killed.waitFor("listening")
      yield* killed.kill("SIGKILL")
      yield* killed.end
      assert.isTrue(Fs.existsSync(path))
      const tries = Array.from({ length: 5 }, () => Effect.exit(serve(path)))
      const exits = yield* Effect.all(tries, { concurrency: "unbounded" })
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 1)
      assert.strictEqual(yield* Effect.promise(() => askLine(path, list)), answered)
    })
  )

  it.scopedLive.skipIf(process.platform !== "linux" || !needs("strace"))(
    "is private at its birth: bind(2) under a mask",
    () =>
      Effect.gen(function* () {
        const path = yield* socketIn
        const { stderr, status } = spawnSync(
          "strace",
          [
            "-f",
            "-qq",
            "-e",
            "trace=umask,bind,listen,chmod,fchmodat",
            process.execPath,
            server.path,
            path,
            "once"
          ],
          { encoding: "utf8", timeout: 30_000 }
        )
        assert.strictEqual(status, 0, stderr)
        const calls = stderr
          .split("\n")
          .flatMap((line) => /\b(umask|bind|listen|f?chmod\w*)\((.*)\)\s*=/.exec(line)?.slice(1, 3) ?? [])
        const birth = calls.findIndex((call) => call.includes(path))
        assert.deepStrictEqual(calls.slice(birth - 3, birth - 1), ["umask", "0177"])
        assert.strictEqual(calls[birth - 1], "bind")
        assert.strictEqual(calls[birth + 1], "listen")
        assert.isTrue(calls.slice(birth).includes("umask"))
        assert.isFalse(calls.some((call) => call.includes("chmod")))
      })
  )
})
