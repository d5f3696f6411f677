import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ServerUnreachable } from "../../../src/domain/errors/server.ts"
import { HostKeyRefused, LoginRefused } from "../../../src/domain/errors/ssh.ts"
import { error, ok } from "../../../src/domain/protocol/replies.ts"
import type { RegisteredServer } from "../../../src/domain/server-registry/registered-server.ts"
import type { HostIdentity } from "../../../src/domain/ssh/host-identity.ts"
import { add, type UnknownHost } from "../../../src/programs/servers/add.ts"
import { status } from "../../../src/programs/servers/status.ts"
import { KnownHosts } from "../../../src/services/known-hosts/known-hosts.ts"
import { layerMemory as knownHosts } from "../../../src/services/known-hosts/layer-memory.ts"
import type { Handler } from "../../../src/services/management/management.ts"
import { layerMemory as serversOf } from "../../../src/services/server-registry/layer-memory.ts"
import { ServerRegistry } from "../../../src/services/server-registry/server-registry.ts"
import { layerMemory as transportOf } from "../../../src/services/transport/layer-memory.ts"
import { Transport, type TransportError } from "../../../src/services/transport/transport.ts"

const entry = (name: string): RegisteredServer => ({ name, socket: "/s", ssh: { host: `${name}.example` } })
const la = entry("la")

const identity: HostIdentity = { name: "la.example", files: ["/known_hosts"], hashed: false }
const blob = Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from("ssh-ed25519"),
  Buffer.from([0, 0, 0, 1, 7])
])
const key = { type: "ssh-ed25519", fingerprint: "SHA256:abc", blob: Uint8Array.from(blob) }

const hello = ok<"hello">({ protocol_version: 0, server_version: "1.2", capabilities: [] })
const info = ok<"server_info">({
  server_version: "1.2",
  pid: 1,
  started_at: "2026-01-31T12:00:00.000Z",
  apps: 3,
  secrets: "key-file",
  memory: 1
})

const handler: Handler = (request) =>
  Effect.succeed(
    request.command === "hello" ? hello : request.command === "server_info" ? info : error("no such command")
  )

/** A transport that refuses to connect until the host's key is known. */
const guardedAs = (identity: HostIdentity) =>
  Layer.effect(
    Transport,
    Effect.gen(function* () {
      const inner = yield* Transport
      const hosts = yield* KnownHosts
      return {
        connect: (target) =>
          Effect.gen(function* () {
            const known = yield* Effect.orDie(hosts.of(identity))
            const verdict = known.judge(key.blob)
            if (verdict === "known") return yield* inner.connect(target)
            return yield* new HostKeyRefused({
              server: target.name,
              destination: la.ssh,
              reason: verdict,
              identity,
              key
            })
          })
      }
    })
  ).pipe(Layer.provide(transportOf(new Map([["la", handler]]))))

const guarded = guardedAs(identity)

const failing = (failure: TransportError) => Layer.succeed(Transport, { connect: () => Effect.fail(failure) })

const never = () => Effect.dieMessage("nobody is to be asked")
const all = Effect.flatMap(ServerRegistry, ({ all }) => all)

describe("servers add", () => {
  const world = (transport: Layer.Layer<Transport, never, KnownHosts>, text = "") =>
    Layer.mergeAll(serversOf(), Layer.provideMerge(transport, knownHosts(text)))

  it.effect("shows an unknown host key, adds it and the server after a yes, and asks only once", () =>
    Effect.gen(function* () {
      const shown: Array<UnknownHost> = []
      const met = yield* add(la, (stranger) => Effect.sync(() => shown.push(stranger) > 0))
      assert.deepStrictEqual(met, { _tag: "Answers", version: "1.2" })
      assert.deepStrictEqual(shown, [{ identity, key }])
      assert.deepStrictEqual(yield* all, [la])
      const servers = yield* ServerRegistry
      yield* servers.remove("la")
      yield* add(la, never)
    }).pipe(Effect.provide(world(guarded)))
  )

  it.effect("changes nothing after a no", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(add(la, () => Effect.succeed(false)))
      assert.strictEqual(refused._tag, "Declined")
      assert.deepStrictEqual(yield* all, [])
      const hosts = yield* KnownHosts
      assert.strictEqual((yield* hosts.of(identity)).judge(key.blob), "unknown")
    }).pipe(Effect.provide(world(guarded)))
  )

  it.effect("does not ask about a key that would not be kept", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(add(la, never))
      assert.include(refused.message, "your ssh configuration keeps no host keys")
      assert.deepStrictEqual(yield* all, [])
    }).pipe(Effect.provide(world(guardedAs({ ...identity, files: ["/dev/null"] }))))
  )

  it.effect("does not ask about a key that has changed", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(add(la, never))
      assert.deepInclude(refused, { _tag: "HostKeyRefused", reason: "changed" })
      assert.deepStrictEqual(yield* all, [])
    }).pipe(
      Effect.provide(
        world(
          guarded,
          `la.example ssh-ed25519 ${Buffer.concat([blob.subarray(0, -1), Buffer.of(8)]).toString("base64")}\n`
        )
      )
    )
  )

  it.effect("adds a server on which tako-server does not answer yet, and says so", () =>
    Effect.gen(function* () {
      const met = yield* add(la, never)
      assert.strictEqual(met._tag, "Silent")
      assert.deepStrictEqual(yield* all, [la])
    }).pipe(
      Effect.provide(
        world(failing(new ServerUnreachable({ server: "la", stage: "socket", reason: "ECONNREFUSED" })))
      )
    )
  )

  it.effect.each([
    new ServerUnreachable({ server: "la", stage: "connect", reason: "timeout" }),
    new LoginRefused({
      server: "la",
      destination: la.ssh,
      host: "la.example",
      user: "u",
      reason: "refused",
      offered: 2
    })
  ])("adds none that cannot be reached: %s", (failure) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(add(la, never))).message, failure.message)
      assert.deepStrictEqual(yield* all, [])
    }).pipe(Effect.provide(world(failing(failure))))
  )

  it.effect("does not connect if the name is taken", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(add(la, never))
      assert.strictEqual(error._tag, "ServerExists")
    }).pipe(
      Effect.provide(
        Layer.mergeAll(
          serversOf([la]),
          knownHosts(),
          Layer.succeed(Transport, { connect: () => Effect.dieMessage("connected") })
        )
      )
    )
  )
})

describe("servers status", () => {
  const older: Handler = (request) =>
    Effect.succeed(request.command === "hello" ? hello : error("unknown command"))
  const world = Layer.merge(
    serversOf([la, entry("ams"), entry("old")]),
    transportOf(
      new Map([
        ["la", handler],
        ["old", older],
        ["local", handler]
      ])
    )
  )

  it.effect("reports each server, in order", () =>
    Effect.gen(function* () {
      const found = yield* status([])
      assert.deepStrictEqual(
        found.map(({ target, outcome }) => [
          target.name,
          Either.match(outcome, {
            onLeft: ({ _tag }) => _tag,
            onRight: ({ version, info }) => [version, Option.getOrNull(Option.map(info, ({ apps }) => apps))]
          })
        ]),
        [
          ["la", ["1.2", 3]],
          ["ams", "ServerUnreachable"],
          ["old", ["1.2", null]]
        ]
      )
    }).pipe(Effect.provide(world))
  )

  it.effect("asks only those that are named, and suggests a name for a misspelt one", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        (yield* status(["old"])).map(({ target }) => target.name),
        ["old"]
      )
      assert.deepInclude(yield* Effect.flip(status(["la", "asm"])), {
        _tag: "ServerNotFound",
        suggestion: "ams"
      })
    }).pipe(Effect.provide(world))
  )

  it.effect("asks the one on this machine if it is named, because it need not be added", () =>
    Effect.gen(function* () {
      const found = yield* status(["local", "la"])
      assert.deepStrictEqual(
        found.map(({ target, outcome }) => [
          target.name,
          "socket" in target ? target.socket : undefined,
          Either.isRight(outcome)
        ]),
        [
          ["la", "/s", true],
          ["local", "/tmp/tako.sock", true]
        ]
      )
    }).pipe(
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["TAKO_SOCKET", "/tmp/tako.sock"]]))),
      Effect.provide(world)
    )
  )
})
