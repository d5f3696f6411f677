import { createHash } from "node:crypto"
import type * as Http from "node:http"
import * as Net from "node:net"
import type { Duplex } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { app, head, say, script, statusOf } from "./wire.ts"

const upgrade = head(
  "GET /chat HTTP/1.1",
  "Host: a",
  "Connection: keep-alive, Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Key: x"
)

const accepting = Effect.map(
  app((_, response) => response.end()),
  (front) => {
    const sockets: Array<Duplex> = []
    front.server.on("upgrade", (request: Http.IncomingMessage, socket: Duplex, first: Buffer) => {
      sockets.push(socket)
      const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}`).digest("base64")
      socket.on("error", () => {})
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\nhello`
      )
      socket.write(first)
      socket.pipe(socket)
    })
    return { ...front, sockets }
  }
)

describe("a WebSocket through the front", () => {
  it.scopedLive("is opened, carries all bytes both ways, and ends with either side", () =>
    Effect.gen(function* () {
      const { port } = yield* accepting
      const got = yield* say(port, `${upgrade}early`, { close: true })
      assert.match(
        got,
        /^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*Sec-WebSocket-Accept: [\s\S]*\r\n\r\nhelloearly$/
      )
    })
  )

  it.scopedLive("is in flight until it is closed, even if its client vanishes", () =>
    Effect.gen(function* () {
      const { port, front } = yield* accepting
      const client = Net.connect(port, "127.0.0.1", () => client.write(upgrade))
      yield* Effect.promise(() => new Promise((resolve) => client.once("data", resolve)))
      assert.strictEqual((yield* front.backends)[0]?.inFlight, 1)
      assert.strictEqual(yield* front.drain({ id: "app", port: 0 }, 20), "limit")
      client.resetAndDestroy()
      assert.strictEqual(yield* front.drain({ id: "app", port: 0 }, "5 seconds"), "finished")
    })
  )

  it.scopedLive(
    "ends soon after its client has closed its side, even if the app does not close its own",
    () =>
      Effect.gen(function* () {
        const { port, front, server } = yield* app((_, response) => response.end())
        server.on("upgrade", (_: Http.IncomingMessage, socket: Duplex) => {
          socket.on("error", () => {})
          socket.resume()
          socket.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
          )
        })
        const client = Net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () =>
          client.write(upgrade)
        )
        client.on("error", () => {})
        yield* Effect.promise(() => new Promise((resolve) => client.once("data", resolve)))
        client.end()
        assert.strictEqual(yield* front.drain({ id: "app", port: 0 }, "10 seconds"), "finished")
      })
  )

  it.scopedLive("ends with its instance", () =>
    Effect.gen(function* () {
      const { port, front } = yield* accepting
      const client = Net.connect(port, "127.0.0.1", () => client.write(upgrade))
      yield* Effect.promise(() => new Promise((resolve) => client.once("data", resolve)))
      const closed = new Promise((resolve) => client.on("close", resolve))
      yield* front.remove({ id: "app", port: 0 })
      yield* Effect.promise(() => closed)
    })
  )

  it.scopedLive("gets an ordinary response if the app declines, and smuggles nothing after it", () =>
    Effect.gen(function* () {
      const heads: Array<string> = []
      const { port } = yield* script((socket, text) => {
        heads.push(text)
        socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
      })
      const got = yield* say(port, `${upgrade}${head("GET /smuggled HTTP/1.1", "Host: tako.internal")}`)
      assert.strictEqual(statusOf(got), "403")
      assert.match(got, /\r\n\r\nno$/)
      assert.strictEqual(heads.length, 1)
      assert.match(`${heads[0]}\r\n`, /\r\nUpgrade: websocket\r\n/)
    })
  )

  it.scopedLive("gets 503, 502 and 421 as other requests do", () =>
    Effect.gen(function* () {
      const { port, front } = yield* script((socket) => socket.destroy())
      assert.strictEqual(statusOf(yield* say(port, upgrade)), "502")
      assert.strictEqual(statusOf(yield* say(port, upgrade.replace("Host: a", "Host: tako.internal"))), "421")
      yield* front.remove({ id: "app", port: 0 })
      assert.strictEqual(statusOf(yield* say(port, upgrade)), "503")
    })
  )

  it.scopedLive("is not opened while an earlier request of its connection is unanswered", () =>
    Effect.gen(function* () {
      const { port, front } = yield* app((request, response) => {
        if (request.url !== "/never") response.end("served")
      })
      const never = head("GET /never HTTP/1.1", "Host: a")
      const other = upgrade.replace("websocket", "h2c")
      const refused = head("GET / HTTP/1.1", "Host: tako.internal")
      for (const text of [never + upgrade, never + never + upgrade, never + other, refused + upgrade]) {
        assert.notMatch(yield* say(port, text), /101|200/)
      }
      // The front keeps working, and a drain has nothing to wait for.
      assert.match(yield* say(port, head("GET / HTTP/1.1", "Host: a", "Connection: close")), /served$/)
      assert.strictEqual(yield* front.drain({ id: "app", port: 0 }, "1 second"), "finished")
    })
  )
})
