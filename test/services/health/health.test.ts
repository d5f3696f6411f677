import * as Fs from "node:fs"
import * as Http from "node:http"
import * as Net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { contractOf, token } from "../../../src/services/health/contract.ts"
import { Health } from "../../../src/services/health/health.ts"
import { layer } from "../../../src/services/health/layer.ts"
import { HealthControl, layerMemory } from "../../../src/services/health/layer-memory.ts"
import { listeners } from "../../../src/services/health/listeners.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "../files/folder.ts"

const listening = (server: Net.Server, host = "127.0.0.1") =>
  Effect.acquireRelease(
    Effect.async<number>((resume) => {
      server.listen(0, host, () => resume(Effect.succeed((server.address() as Net.AddressInfo).port)))
    }),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        if (server instanceof Http.Server) server.closeAllConnections()
      })
  )

const app = (respond: Http.RequestListener) => listening(Http.createServer(respond))

testContract(
  "Health over loopback",
  contractOf<never>((answer) => {
    if (answer === "refused") return Effect.scoped(app(() => {}))
    return app((request, response) => {
      const { host, "x-tako-internal-token": given } = request.headers
      if (request.url !== "/status" || host !== "tako.internal" || given !== Redacted.value(token)) {
        response.writeHead(418).end()
      } else if (answer === "healthy") response.writeHead(200, { "X-Tako-Internal-Token": given }).end("{}")
      else response.writeHead(answer === "failing" ? 503 : 404).end()
    })
  }),
  layer
)

testContract(
  "Health in memory",
  contractOf((answer) =>
    Effect.flatMap(HealthControl, (control) => Effect.as(control.answer(4000, answer), 4000))
  ),
  layerMemory
)

describe("Health over loopback", () => {
  const asked = (port: number) => Effect.flatMap(Health, ({ check }) => check({ port, token }))

  it.scopedLive("accepts only the token itself, with status 200, as an echo", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<Http.RequestListener> = [
        (_, response) => response.end(Redacted.value(token)),
        (_, response) => response.writeHead(200, { "X-Tako-Internal-Token": "another" }).end(),
        (_, response) => response.writeHead(204, { "X-Tako-Internal-Token": Redacted.value(token) }).end(),
        (_, response) => response.writeHead(302, { location: "/login" }).end()
      ]
      for (const respond of cases) assert.strictEqual(yield* asked(yield* app(respond)), "other")
      const port = yield* listening(
        Net.createServer(
          (socket) =>
            void socket
              .on("error", () => {})
              .resume()
              .end("no HTTP\n")
        )
      )
      assert.strictEqual(yield* asked(port), "other")
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("does not wait for an answer that never ends", () =>
    Effect.gen(function* () {
      const port = yield* app((_, response) => {
        response.writeHead(200, { "X-Tako-Internal-Token": Redacted.value(token) })
        response.write("and")
      })
      assert.strictEqual(yield* asked(port), "healthy")
      const silent = yield* app(() => {})
      assert.strictEqual(yield* asked(silent), "silent")
    }).pipe(Effect.provide(layer))
  )
})

describe.skipIf(process.platform !== "linux")("the listeners of a port", () => {
  it.scopedLive("are those that a connection to loopback would reach", () =>
    Effect.gen(function* () {
      for (const host of ["127.0.0.1", "0.0.0.0"]) {
        const port = yield* listening(Net.createServer(), host)
        assert.deepStrictEqual(yield* listeners(port), new Set([process.geteuid?.() ?? -1]))
      }
      const port = yield* Effect.scoped(listening(Net.createServer()))
      assert.deepStrictEqual(yield* listeners(port), new Set())
    })
  )

  const [v4, mapped, any, mappedAny, any6] = [
    "0100007F",
    "0000000000000000FFFF00000100007F",
    "00000000",
    "0000000000000000FFFF000000000000",
    "0".repeat(32)
  ] as const
  const [address4, loopback6] = ["0A00020F", "00000000000000000000000001000000"]

  it.scopedLive.each<readonly [string, ReadonlyArray<string>, ReadonlyArray<string>, ReadonlyArray<number>]>([
    ["nothing", [], [], []],
    ["loopback", [v4], [], [0]],
    ["loopback, and [::] beside it", [v4], [any6], [0]],
    ["every IPv4 address, and [::] beside it", [any], [any6], [0]],
    ["loopback, and every IPv4 address", [any, v4], [], [1]],
    ["[::] alone", [], [any6], [100]],
    ["a mapped address, and every IPv4 address", [any], [mapped], [100]],
    ["a mapped address, and loopback", [v4], [mapped], [0]],
    ["every mapped address, and [::]", [], [any6, mappedAny], [101]],
    ["another IPv4 address, and [::]", [address4], [any6], [100]],
    ["[::1], which no IPv4 connection reaches", [], [loopback6], []],
    ["the same address twice", [v4, v4], [], [0, 1]]
  ])("are the users whom a connection to 127.0.0.1 would reach: %s", ([, tcp, tcp6, expected]) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      const line = (local: string, state: string, user: number) =>
        `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${user}        0 1 1 0 100 0 0 10 0`
      const title =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
      const listeningAt = (addresses: ReadonlyArray<string>, first: number) => [
        ...addresses.map((address, index) => line(`${address}:1F90`, "0A", first + index)),
        line("0100007F:1F91", "0A", 998),
        line("0100007F:1F90", "01", 999)
      ]
      Fs.writeFileSync(`${folder}/tcp`, [title, ...listeningAt(tcp, 0)].join("\n"))
      Fs.writeFileSync(`${folder}/tcp6`, [title, ...listeningAt(tcp6, 100)].join("\n"))
      for (const files of [
        [`${folder}/tcp`, `${folder}/tcp6`],
        [`${folder}/tcp6`, `${folder}/tcp`]
      ]) {
        assert.deepStrictEqual(yield* listeners(8080, files), new Set(expected))
      }
      assert.deepStrictEqual(yield* listeners(8080, [`${folder}/none`]), "unknown")
    })
  )

  it.scopedLive("are those that a real connection reaches, even if others listen beside them", () =>
    Effect.gen(function* () {
      for (const host of ["127.0.0.1", "0.0.0.0"]) {
        const own = Net.createServer((socket) => socket.end("own"))
        const port = yield* listening(own, host)
        const other = Net.createServer((socket) => socket.end("other"))
        yield* Effect.acquireRelease(
          Effect.async<void>((resume) => {
            other.listen({ host: "::", port, ipv6Only: true }, () => resume(Effect.void))
          }),
          () => Effect.async<void>((resume) => void other.close(() => resume(Effect.void)))
        )
        const received = yield* Effect.async<string>((resume) => {
          Net.connect(port, "127.0.0.1").on("data", (data) => resume(Effect.succeed(String(data))))
        })
        assert.strictEqual(received, "own")
        assert.deepStrictEqual(yield* listeners(port), new Set([process.geteuid?.() ?? -1]))
      }
    })
  )
})
