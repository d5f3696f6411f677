import * as Net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { app, get, head, say, script, statusOf } from "./wire.ts"

/** Answers with the head that it received. */
const mirror = script((socket, text) => {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`, "latin1")
})

const sent = (answer: string) => answer.slice(answer.indexOf("\r\n\r\n") + 4).split("\r\n")

describe("a request through the front", () => {
  it.scopedLive("keeps its end-to-end fields unchanged, and loses those of its connection", () =>
    Effect.gen(function* () {
      const { port } = yield* mirror
      const answer = yield* say(
        port,
        head(
          "GET /a%20b?c=d HTTP/1.1",
          "hOST: shop.example",
          "Accept: text/html",
          "Cookie: a=1",
          "cookie: b=\xe9",
          "X-Mine: kept",
          "X-Named: lost",
          "Keep-Alive: timeout=5",
          "Proxy-Connection: keep-alive",
          "TE: trailers",
          "HTTP2-Settings: AAMAAABk",
          "Connection: close, X-Named, Content-Length, Host"
        )
      )
      assert.deepStrictEqual(sent(answer), [
        "GET /a%20b?c=d HTTP/1.1",
        "Host: shop.example",
        "Accept: text/html",
        "Cookie: a=1",
        "cookie: b=\xe9",
        "X-Mine: kept",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Proto: http",
        "X-Forwarded-Host: shop.example"
      ])
    })
  )

  it.scopedLive("loses fields that only a front may set", () =>
    Effect.gen(function* () {
      const { port } = yield* mirror
      const forged = [
        "X-Tako-Internal-Token: guess",
        "x_tako_internal_token: guess",
        "X-Forwarded-For: 10.0.0.1",
        "X-FORWARDED-PROTO: https",
        "X_Forwarded_Host: evil",
        "X-Forwarded-Prefix: /evil",
        "Forwarded: for=10.0.0.1",
        "X-Real-IP: 10.0.0.1"
      ]
      assert.deepStrictEqual(sent(yield* say(port, get("/", ...forged))), [
        "GET / HTTP/1.1",
        "Host: shop.example",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Proto: http",
        "X-Forwarded-Host: shop.example"
      ])
    })
  )

  it.scopedLive("cannot name the host of the health checks", () =>
    Effect.gen(function* () {
      let served = 0
      const { port } = yield* app((_, response) => {
        served++
        response.end()
      })
      const close = "Connection: close"
      for (const request of [
        head("GET /status HTTP/1.1", "Host: tako.internal", close),
        head("GET /status HTTP/1.1", "Host: TAKO.Internal:3000", close),
        head("GET /status HTTP/1.1", "Host: tako.internal.", close),
        head("GET /status HTTP/1.1", "Host: me@tako.internal", close),
        head("GET http://tako.internal/status HTTP/1.1", "Host: shop.example", close)
      ])
        assert.strictEqual(statusOf(yield* say(port, request)), "421", request)
      assert.strictEqual(served, 0)
      for (const host of [
        "my-tako.internal",
        "tako.internal.example",
        "a_b.c:80",
        "127.0.0.1:",
        "[::1]:8080",
        ""
      ])
        assert.strictEqual(statusOf(yield* say(port, head("GET / HTTP/1.1", `Host: ${host}`, close))), "200")
    })
  )

  it.scopedLive("in absolute form is forwarded in origin form, with the target's host", () =>
    Effect.gen(function* () {
      const { port } = yield* mirror
      const ask = (target: string) =>
        say(port, head(`GET ${target} HTTP/1.1`, "Host: other.example", "Connection: close"))
      const [line, host] = sent(yield* ask("http://shop.example:81?q=1"))
      assert.deepStrictEqual([line, host], ["GET /?q=1 HTTP/1.1", "Host: shop.example:81"])
      assert.strictEqual(sent(yield* ask("HTTP://shop.example/a"))[0], "GET /a HTTP/1.1")
      assert.strictEqual(statusOf(yield* ask("http://me@shop.example/")), "400")
      assert.strictEqual(statusOf(yield* ask("ftp://shop.example/")), "400")
    })
  )

  it.scopedLive("is refused when two parsers could read it in two ways", () =>
    Effect.gen(function* () {
      let served = 0
      const { port, connections } = yield* script((socket) => {
        served++
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      })
      const post = (...lines: ReadonlyArray<string>) =>
        `${head("POST / HTTP/1.1", "Host: a", ...lines)}0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`
      for (const [status, request] of [
        ["400", post("Content-Length: 5", "Transfer-Encoding: chunked")],
        ["400 or 501", post("Transfer-Encoding: chunked", "Content-Length: 5")],
        ["400", post("Content-Length: 5", "Content-Length: 6")],
        ["400", post("Content-Length: 5", "Content-Length: 5")],
        ["400", post("Content-Length: 5, 5")],
        ["400", post("Content-Length: +5")],
        ["400", post("Content-Length: 0x5")],
        ["400", post("Content-Length : 5")],
        ["400 or 501", post("Transfer-Encoding: xchunked")],
        ["400 or 501", post("Transfer-Encoding: gzip, chunked")],
        ["400 or 501", post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")],
        ["400 or 501", post("Transfer-Encoding: chunked, identity")],
        ["400 or 501", post("Transfer-Encoding : chunked")],
        ["400", post("X: a\r\n Content-Length: 5")],
        ["400", post("X: a\r\n\tfolded")],
        ["400", post("X: a\rTransfer-Encoding: chunked")],
        ["400", post("X: a\nTransfer-Encoding: chunked")],
        ["400", post("X: \0")],
        ["400", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
        ["400", post("Host: b")],
        ["400", "GET / HTTP/1.1\r\n\r\n"],
        ...[
          "a b",
          "shop.example@evil",
          "evil/shop.example",
          "evil?shop.example",
          "a\\b",
          "a\xe9",
          "a:b",
          "[::1"
        ].map((host) => ["400", head("GET / HTTP/1.1", `Host: ${host}`)] as const),
        ["400", head("GET http://a:b/ HTTP/1.1", "Host: a")],
        ["400", "GET / HTTP/1.1\nHost: a\n\n"],
        ...["/a#b", "/#", "http://a/#b", "http://a#b", "*#"].map(
          (target) => ["400", head(`GET ${target} HTTP/1.1`, "Host: a")] as const
        ),
        ...["0.9", "2.0"].map((version) => ["505", head(`GET / HTTP/${version}`, "Host: a")] as const),
        ...["1.2", "1.9", "3.0", "1", "1.10"].map(
          (version) => ["400", head(`GET / HTTP/${version}`, "Host: a")] as const
        ),
        ["505", "GET /\r\n\r\n"],
        ...["a b", "a(", "a,", "a/b", "a;", "a[", "a{", 'a"', "a\xe9", "", "a@"].map(
          (name) => ["400", head("GET / HTTP/1.1", "Host: a", `${name}: x`)] as const
        ),
        ["431", get("/", `X: ${"x".repeat(17_000)}`)]
      ] as const) {
        const answer = yield* say(port, request)
        assert.include(status, statusOf(answer), JSON.stringify(request))
        assert.notInclude(answer.slice(1), "HTTP/1.1 ", "one answer, then it is closed")
      }
      assert.strictEqual(served, 0)
      assert.strictEqual(connections(), 0)
      // A bad chunk is found after the request was forwarded: the backend never gets all of it.
      const bad = yield* say(
        port,
        `${head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")}zz\r\n`
      )
      assert.match(bad, /^(HTTP\/1\.1 400|HTTP\/1\.1 200)/)
    })
  )

  it.scopedLive("may have 2,500 fields without losing one", () =>
    Effect.gen(function* () {
      const { port } = yield* mirror
      const fields = Array.from({ length: 2500 }, (_, i) => `z${i.toString(36)}:`)
      const got = sent(yield* say(port, get("/", ...fields)))
      assert.strictEqual(got.length, 2500 + 5)
    })
  )

  it.scopedLive("may be HTTP/1.0, with and without a host, and kept alive", () =>
    Effect.gen(function* () {
      const { port } = yield* app((request, response) => {
        response.write(`${request.headers.host} `)
        response.end(request.httpVersion)
      })
      const plain = yield* say(port, "GET / HTTP/1.0\r\n\r\n")
      assert.match(plain, /^HTTP\/1\.1 200 OK\r\n/)
      assert.notMatch(plain, /transfer-encoding/i)
      assert.match(plain, /\r\n\r\n127\.0\.0\.1 1\.1$/)
      const lengthy = yield* script((socket, text) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${/GET \/(..)/.exec(text)?.[1]}`)
      })
      const two = yield* say(
        lengthy.port,
        "GET /aa HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /bb HTTP/1.0\r\nHost: x\r\n\r\n"
      )
      assert.match(two, /\r\n\r\naaHTTP\/1\.1 200[\s\S]*\r\n\r\nbb$/)
    })
  )

  it.scopedLive("may be pipelined: responses come in the order of the requests", () =>
    Effect.gen(function* () {
      const { port } = yield* app((request, response) => {
        const wait = request.url === "/0" ? 50 : 0
        setTimeout(() => response.end(`[${request.url}]`), wait)
      })
      const pipeline = Array.from({ length: 9 }, (_, i) => head(`GET /${i} HTTP/1.1`, "Host: a")).join("")
      const answers = yield* say(port, pipeline + get("/9"))
      assert.deepStrictEqual(
        [...answers.matchAll(/\[\/(\d)\]/g)].map(([, digit]) => digit),
        [..."0123456789"]
      )
    })
  )

  it.scopedLive("is one of at most 33 on its connection, so that no client uses up the backend's", () =>
    Effect.gen(function* () {
      let most = 0
      const { port, front, connections } = yield* app((request, response) => {
        most = Math.max(most, connections())
        if (request.url !== "/never") response.end("served")
      })
      const never = head("GET /never HTTP/1.1", "Host: a")
      assert.match(yield* say(port, never.repeat(5000)), /^(?:RST)?$/)
      assert.isAtMost(most, 33)
      assert.strictEqual(yield* front.drain({ id: "app", port: 0 }, "1 second"), "finished")
    })
  )

  it.scopedLive("is not in flight after its client has gone, even if its turn has not come", () =>
    Effect.gen(function* () {
      const { port, front } = yield* app((request, response) => {
        if (request.url === "/2") client.resetAndDestroy()
        else response.writeHead(200).flushHeaders()
      })
      const client = Net.connect(port, "127.0.0.1", () =>
        client.write([0, 1, 2].map((i) => head(`GET /${i} HTTP/1.1`, "Host: a")).join(""))
      )
      client.on("error", () => {})
      yield* Effect.promise(() => new Promise((resolve) => client.once("close", resolve)))
      assert.strictEqual(yield* front.drain({ id: "app", port: 0 }, "5 seconds"), "finished")
    })
  )

  it.scopedLive("is answered after its client has closed its side", () =>
    Effect.gen(function* () {
      const { port } = yield* app((_, response) => setTimeout(() => response.end("late"), 100))
      assert.match(yield* say(port, head("GET / HTTP/1.1", "Host: a"), { close: true }), /late/)
    })
  )

  it.scopedLive("cannot open a tunnel with CONNECT or h2c", () =>
    Effect.gen(function* () {
      const { port } = yield* mirror
      const h2c = yield* say(
        port,
        `${head("GET /up HTTP/1.1", "Host: a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x")}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`
      )
      assert.deepStrictEqual(sent(h2c)[0], "GET /up HTTP/1.1")
      assert.notMatch(h2c, /upgrade|smuggled|settings/i)
      for (const target of ["a:80", "http://a:80/", "/", "*"]) {
        for (const body of [[], ["Content-Length: 5"], ["Transfer-Encoding: chunked"]]) {
          const connect = head(`CONNECT ${target} HTTP/1.1`, "Host: a:80", "Connection: close", ...body)
          assert.strictEqual(yield* say(port, `${connect}hello`), "", connect)
        }
      }
    })
  )

  it.scopedLive(
    "that asks for another protocol with a body is an ordinary one, the last of its connection",
    () =>
      Effect.gen(function* () {
        const received: Array<string> = []
        const { port } = yield* app((request, response) => {
          const { upgrade, "http2-settings": settings } = request.headers
          received.push(`${request.method} ${request.url} ${upgrade} ${settings}`)
          request.pipe(response)
        })
        const asking = (protocol: string, ...fields: ReadonlyArray<string>) =>
          head(
            "POST /up HTTP/1.1",
            "Host: a",
            "Connection: Upgrade, HTTP2-Settings",
            `Upgrade: ${protocol}`,
            "HTTP2-Settings: x",
            ...fields
          )
        const second = head("GET /second HTTP/1.1", "Host: a")
        for (const protocol of ["h2c", "websocket", "TLS/1.0, h2c"]) {
          for (const body of [
            `${asking(protocol, "Content-Length: 5")}hello`,
            `${asking(protocol, "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`
          ]) {
            received.length = 0
            const answer = yield* say(port, body + second)
            assert.strictEqual(statusOf(answer), "200", body)
            assert.match(answer, /\r\nConnection: close\r\n/i)
            assert.match(answer, /hello/)
            assert.deepStrictEqual(received, ["POST /up undefined undefined"])
          }
        }
      })
  )

  it.scopedLive("is abandoned at the backend when its client vanishes, and is no longer in flight", () =>
    Effect.gen(function* () {
      let resolve: (closed: boolean) => void = () => {}
      const closed = new Promise<boolean>((done) => {
        resolve = done
      })
      let arrived: () => void = () => {}
      const arrival = new Promise<void>((done) => {
        arrived = done
      })
      const { port, front } = yield* app((_, response) => {
        arrived()
        response.on("close", () => resolve(response.writableFinished))
      })
      const socket = Net.connect(port, "127.0.0.1")
      socket.write(head("GET / HTTP/1.1", "Host: a"))
      yield* Effect.promise(() => arrival)
      socket.resetAndDestroy()
      assert.isFalse(yield* Effect.promise(() => closed))
      assert.strictEqual(yield* front.drain({ id: "app", port: 0 }, "5 seconds"), "finished")
    })
  )
})
