import * as Http from "node:http"
import * as Net from "node:net"
import { setTimeout } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { app, get, head, say, script, statusOf, withResolvers } from "./wire.ts"

describe("a response through the front", () => {
  it.scopedLive("keeps its status, reason and fields, and loses those of the connection", () =>
    Effect.gen(function* () {
      const { port } = yield* script((socket) => {
        socket.end(
          "HTTP/1.1 299 Fine, thanks\r\nDate: today\r\nset-cookie: a=1\r\nSet-Cookie: b=\xe9 \r\nX-Named: lost\r\nX-Tako-Internal-Token: t\r\nProxy-Connection: x\r\nConnection: close, x-named\r\n\r\nuntil the end",
          "latin1"
        )
      })
      const answer = yield* say(port, get("/"))
      assert.strictEqual(
        answer,
        "HTTP/1.1 299 Fine, thanks\r\nDate: today\r\nset-cookie: a=1\r\nSet-Cookie: b=\xe9\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n"
      )
    })
  )

  it.scopedLive("has no body for HEAD, 204 and 304, and leaves the connection usable", () =>
    Effect.gen(function* () {
      const { port, connections } = yield* app((request, response) => {
        if (request.url === "/204") response.writeHead(204)
        else if (request.url === "/304") response.writeHead(304, { etag: '"1"', "content-length": 7 })
        else response.writeHead(200, { "content-length": 7 })
        response.end(request.method === "GET" && request.url === "/" ? "seven b" : undefined)
      })
      const many = ["HEAD /", "GET /204", "GET /304", "HEAD /chunked"].map((line) =>
        head(`${line} HTTP/1.1`, "Host: a")
      )
      const answers = yield* say(port, many.join("") + get("/"))
      assert.strictEqual(answers.match(/^content-length: 7/gim)?.length, 4)
      assert.match(answers, /\r\n\r\nseven b$/)
      assert.isAtMost(connections(), 5)
    })
  )

  it.scopedLive("may arrive byte by byte, with interim responses, chunk extensions and trailers", () =>
    Effect.gen(function* () {
      const { port } = yield* script(async (socket) => {
        const bytes =
          "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 13\r\nX-Tako-A: no\r\n\r\n"
        for (const byte of bytes) {
          socket.write(byte)
          await setTimeout(0)
        }
      })
      const answer = yield* say(port, get("/"))
      assert.match(
        answer,
        /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/
      )
      const body = answer.slice(answer.lastIndexOf("\r\n\r\n", answer.indexOf("0\r\nX-Sum")) + 4)
      assert.strictEqual(body.replace(/^[0-9a-f]+\r\n|\r\n(?=[0-9a-f]+\r\n)/g, "").includes("X-Tako"), false)
      assert.match(answer, /\r\n0\r\nX-Sum: 13\r\n\r\n$/)
    })
  )

  it.scopedLive("announces trailers only where they can follow", () =>
    Effect.gen(function* () {
      const framings: Readonly<Record<string, string>> = {
        length: "Content-Length: 2\r\n\r\nok",
        none: "\r\n",
        close: "Connection: close\r\n\r\nok",
        chunked: "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
        head: "Transfer-Encoding: chunked\r\n\r\n"
      }
      const { port } = yield* script((socket, text) => {
        const [, status, framing = ""] = /^\w+ \/(\d+)\/(\w+)/.exec(text) ?? []
        socket.end(`HTTP/1.1 ${status} Fine\r\nTrailer: X-Sum\r\n${framings[framing]}`)
      })
      for (const [request, expected] of [
        ["GET /200/chunked HTTP/1.1", /\r\nTrailer: X-Sum\r\n[\s\S]*X-Sum: 1\r\n\r\n$/],
        ["GET /200/chunked HTTP/1.0", /ok$/],
        ["GET /200/length HTTP/1.1", /ok$/],
        ["GET /200/close HTTP/1.1", /ok\r\n0\r\n\r\n$/],
        ["HEAD /200/head HTTP/1.1", /\r\n\r\n$/],
        ["GET /304/none HTTP/1.1", /\r\n\r\n$/]
      ] as const) {
        const answer = yield* say(port, head(request, "Host: a", "Connection: close"))
        assert.strictEqual(statusOf(answer), request.includes("304") ? "304" : "200", request)
        assert.match(answer, expected, request)
        assert.strictEqual(/Trailer/.test(answer), request === "GET /200/chunked HTTP/1.1", request)
      }
    })
  )

  it.scopedLive("is 502 when it is not HTTP, or could be read in two ways", () =>
    Effect.gen(function* () {
      const bad = [
        ["nonsense\r\n\r\n", "its status line is malformed"],
        ["HTTP/2 200 OK\r\n\r\n", "its status line is malformed"],
        ["HTTP/1.1 20 OK\r\n\r\n", "its status line is malformed"],
        [
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          "its length is ambiguous"
        ],
        [
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
          "its Content-Length is not one number"
        ],
        ["HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "its Content-Length is not one number"],
        ["HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na", "a header field is malformed"],
        ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "its length is ambiguous"],
        ["HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n", "a header field is malformed"],
        ["HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", "a header field is malformed"],
        ["HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n\r\n", "a header field is malformed"],
        ["HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "a header field is malformed"],
        [
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
          "switched protocols without being asked to"
        ],
        [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}\r\n\r\n`, "its header is longer than 64 KiB"],
        ["", "closed the connection before its response was complete"],
        ["HTTP/1.1 103 Hints\r\nConnection: close\r\n\r\n", "an interim response would end the connection"]
      ] as const
      const { port } = yield* script((socket, text) => {
        socket.end(bad[Number(/\/(\d+)/.exec(text)?.[1])]?.[0] ?? "", "latin1")
      })
      for (const [i, [response, why]] of bad.entries()) {
        const answer = yield* say(port, get(`/${i}`))
        assert.strictEqual(statusOf(answer), "502", JSON.stringify(response.slice(0, 90)))
        assert.include(answer, why, JSON.stringify(response.slice(0, 90)))
        assert.match(answer, /content-type: text\/plain[\s\S]*\r\n\r\n502 Bad Gateway: [^\r\n]+\n$/i)
      }
    })
  )

  it.scopedLive("resets the client if it ends too early, so that nobody takes it for the whole", () =>
    Effect.gen(function* () {
      const bad = [
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort"
      ]
      let seen = withResolvers<void>()
      const { port } = yield* script(async (socket, text) => {
        socket.write(bad[Number(/\/(\d+)/.exec(text)?.[1])] ?? "")
        await seen.promise
        socket.end()
      })
      for (const i of bad.keys()) {
        for (const version of ["1.0", "1.1"]) {
          seen = withResolvers()
          const onBytes = (got: string) => got.includes("short") && seen.resolve()
          const answer = yield* say(port, head(`GET /${i} HTTP/${version}`, "Host: a"), { onBytes })
          assert.match(answer, /^HTTP\/1\.1 200[\s\S]*shortRST$|^HTTP\/1\.1 200[\s\S]*short\r\nRST$/)
        }
      }
    })
  )

  it.scopedLive("is 502 after too many interim responses, or too long ones", () =>
    Effect.gen(function* () {
      const early = (length: number) =>
        `HTTP/1.1 103 Early Hints\r\nLink: </${"a".repeat(length)}>; rel=preload\r\n\r\n`
      const cases: ReadonlyArray<[string, number, string]> = [
        ["HTTP/1.1 100 Continue\r\n\r\n", 64, "200"],
        ["HTTP/1.1 100 Continue\r\n\r\n", 65, "502"],
        ["HTTP/1.1 102 Processing\r\n\r\n", 65, "502"],
        [early(10), 64, "200"],
        [early(10), 65, "502"],
        [early(60_000), 2, "200"],
        [early(60_000), 3, "502"]
      ]
      const { port } = yield* script((socket, text) => {
        const [interim, times] = cases[Number(/\/(\d+)/.exec(text)?.[1])] ?? ["", 0]
        socket.write(`${interim.repeat(times)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`)
      })
      for (const [i, [interim, times, status]] of cases.entries()) {
        for (const version of ["1.0", "1.1"]) {
          const request = head(`GET /${i} HTTP/${version}`, "Host: a", "Connection: close")
          const answer = yield* say(port, request)
          const finals = answer.match(/HTTP\/1\.1 [2-5]\d\d/g)
          assert.deepStrictEqual(finals, [`HTTP/1.1 ${status}`], `${times} of ${interim.slice(0, 40)}`)
        }
      }
    })
  )

  it.scopedLive("is 504 if an app sends interim responses and nothing else", () =>
    Effect.gen(function* () {
      const { port } = yield* script(
        (socket) => {
          const timer = setInterval(() => socket.write("HTTP/1.1 102 Processing\r\n\r\n"), 20)
          socket.on("close", () => clearInterval(timer))
        },
        { answerWithin: 200 }
      )
      assert.strictEqual(statusOf(yield* say(port, get("/"))), "504")
    })
  )

  it.scopedLive("ends at the app when the client leaves while only interim responses come", () =>
    Effect.gen(function* () {
      const { promise: closed, resolve } = withResolvers<void>()
      const { promise: asked, resolve: sent } = withResolvers<void>()
      const { port } = yield* script((socket) => {
        const timer = setInterval(() => socket.write("HTTP/1.1 100 Continue\r\n\r\n"), 100)
        socket.on("close", () => {
          clearInterval(timer)
          resolve()
        })
        sent()
      })
      yield* Effect.promise(async () => {
        const client = Net.connect({ host: "127.0.0.1", port })
        client.on("error", () => {})
        client.write(get("/"))
        await asked
        client.resetAndDestroy()
        await closed
      })
    })
  )

  it.scopedLive("never reaches another request: surplus bytes end the backend's connection", () =>
    Effect.gen(function* () {
      const { port } = yield* script((socket, text) => {
        const path = /\/(\w+)/.exec(text)?.[1] ?? ""
        socket.write(
          `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`
        )
      })
      for (const path of ["first", "second", "third"])
        assert.notInclude(yield* say(port, get(`/${path}`)), "evil")
    })
  )

  it.scopedLive("is streamed: events are not held back, and end with their client", () =>
    Effect.gen(function* () {
      const { promise: closed, resolve } = withResolvers<void>()
      const events: Array<() => void> = []
      const { port } = yield* app((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" })
        response.flushHeaders()
        let n = 0
        events.push(() => response.write(`data: ${n++}\n\n`))
        response.on("close", resolve)
      })
      yield* Effect.promise(async () => {
        const { promise: response, resolve: got } = withResolvers<Http.IncomingMessage>()
        Http.get({ host: "127.0.0.1", port }, got)
        const stream = await response
        for (let i = 0; i < 3; i++) {
          const { promise: event, resolve: came } = withResolvers<string>()
          stream.once("data", (bytes: Buffer) => came(bytes.toString()))
          events[0]?.()
          assert.strictEqual(await event, `data: ${i}\n\n`)
        }
        stream.destroy()
        await closed
      })
    })
  )

  it.scopedLive("is 504 if the backend is silent for too long, and 503 says when to retry", () =>
    Effect.gen(function* () {
      const { port, front } = yield* app(() => {}, { answerWithin: 60 })
      assert.match(yield* say(port, get("/")), /^HTTP\/1\.1 504 [\s\S]*\n504 Gateway Timeout: [^\r\n]+\n$/)
      yield* front.remove({ id: "app", port: 0 })
      assert.match(
        yield* say(port, get("/")),
        /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n[\s\S]*\n503 Service [^\r\n]+\n$/
      )
    })
  )
})

describe("a request whose connection broke", () => {
  /** Answers the first request of each connection, and closes it at the second. */
  const forgetful = () => {
    const heads: Array<string> = []
    const seen = new WeakSet<Net.Socket>()
    return Effect.map(
      script((socket, text) => {
        heads.push(text.slice(0, text.indexOf(" HTTP")))
        if (seen.has(socket)) socket.destroy()
        else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        seen.add(socket)
      }),
      (front) => ({ ...front, heads })
    )
  }

  it.scopedLive("is retried if the connection was reused and the method is idempotent", () =>
    Effect.gen(function* () {
      const { port, heads } = yield* forgetful()
      for (const path of ["/1", "/2"]) assert.strictEqual(statusOf(yield* say(port, get(path))), "200")
      assert.deepStrictEqual(heads, ["GET /1", "GET /2", "GET /2"])
    })
  )

  it.scopedLive(
    "is retried at another backend if there is one: this one may accept connections and be about to end",
    () =>
      Effect.gen(function* () {
        let asked = 0
        const { port, front } = yield* script((socket) => {
          if (asked++ > 0) socket.destroy()
          else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        })
        const { server } = yield* app((_, response) => response.end("ok"))
        yield* say(port, get("/"))
        yield* front.add({ id: "other", port: (server.address() as Net.AddressInfo).port })
        while (asked < 2) assert.strictEqual(statusOf(yield* say(port, get("/"))), "200")
        assert.strictEqual(asked, 2)
      })
  )

  it.scopedLive("is never retried if it is a POST or has a body", () =>
    Effect.gen(function* () {
      for (const request of [
        head("POST /2 HTTP/1.1", "Host: a", "Connection: close", "Content-Length: 0"),
        `${head("POST /2 HTTP/1.1", "Host: a", "Connection: close", "Content-Length: 1")}x`,
        `${head("PUT /2 HTTP/1.1", "Host: a", "Connection: close", "Content-Length: 1")}x`,
        head("PATCH /2 HTTP/1.1", "Host: a", "Connection: close")
      ]) {
        const { port, heads } = yield* forgetful()
        yield* say(port, get("/1"))
        assert.strictEqual(statusOf(yield* say(port, request)), "502")
        assert.strictEqual(heads.length, 2)
      }
    })
  )

  it.scopedLive("is not retried if the connection was new: the backend chose to close it", () =>
    Effect.gen(function* () {
      let count = 0
      const { port } = yield* script((socket) => {
        count++
        socket.destroy()
      })
      assert.strictEqual(statusOf(yield* say(port, get("/"))), "502")
      assert.strictEqual(count, 1)
    })
  )
})
