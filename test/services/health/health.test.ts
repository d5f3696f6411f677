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

  it.scopedLive("takes nothing for an echo but the token itself, with 200", () =>
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
        assert.deepStrictEqual(listeners(port), new Set([process.geteuid?.() ?? -1]))
      }
      const port = yield* Effect.scoped(listening(Net.createServer()))
      assert.deepStrictEqual(listeners(port), new Set())
    })
  )

  it.scopedLive("are told by user, of both families, and not of other addresses", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder()
      const line = (local: string, state: string, user: number) =>
        `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${user}        0 1 1 0 100 0 0 10 0`
      Fs.writeFileSync(
        `${folder}/tcp`,
        [
          "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
          line("0100007F:1F90", "0A", 1001),
          line("0100007F:1F90", "01", 1002),
          line("0A00020F:1F90", "0A", 1003),
          line("0100007F:1F91", "0A", 1004)
        ].join("\n")
      )
      Fs.writeFileSync(`${folder}/tcp6`, line(`${"0".repeat(32)}:1F90`, "0A", 1005))
      const files = [`${folder}/tcp`, `${folder}/tcp6`]
      assert.deepStrictEqual(listeners(8080, files), new Set([1001, 1005]))
      assert.deepStrictEqual(listeners(8080, [`${folder}/none`]), "unknown")
    })
  )
})
