import { createHash } from "node:crypto"
import * as Http from "node:http"
import * as Net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { randomBytes } from "../../support/random.ts"
import { app, get, head, once, say, script, statusOf } from "./wire.ts"

const block = randomBytes(65_536, "body")
const blocks = 1600
const whole = createHash("sha256")
for (let i = 0; i < blocks; i++) whole.update(block)
const digest = whole.digest("hex")

const writeBlocks = async (to: NodeJS.WritableStream) => {
  for (let i = 0; i < blocks; i++) if (!to.write(block)) await once<void>((done) => to.once("drain", done))
  to.end()
}

const consume = async (from: NodeJS.ReadableStream) => {
  const hash = createHash("sha256")
  let most = 0
  for await (const bytes of from) {
    hash.update(bytes as Buffer)
    most = Math.max(most, process.memoryUsage.rss())
  }
  return { digest: hash.digest("hex"), most }
}

/** Sends everything before it reads anything, and returns what it then receives until the end. */
const sayBeforeReading = (port: number, text: string) =>
  Effect.promise(
    () =>
      new Promise<string>((resolve) => {
        let got = ""
        const client = Net.connect({ host: "127.0.0.1", port, allowHalfOpen: true })
        client.pause()
        client.on("data", (bytes: Buffer) => {
          got += bytes.toString("latin1")
        })
        client.on("error", ({ message }) => {
          got += message
        })
        client.on("end", () => client.end())
        client.on("close", () => resolve(got))
        client.write(text, "latin1", () => client.resume())
      })
  )

describe("a body through the front", () => {
  it.scopedLive("may have 100 MiB, up and down, chunked and not, and is not kept in memory", () =>
    Effect.gen(function* () {
      const { port } = yield* app(async (request, response) => {
        if (request.method === "POST") return response.end((await consume(request)).digest)
        if (request.url === "/length") response.setHeader("content-length", blocks * block.length)
        await writeBlocks(response)
      })
      yield* Effect.promise(async () => {
        const before = process.memoryUsage.rss()
        let most = 0
        for (const path of ["/length", "/chunked"]) {
          const down = await consume(
            await once<Http.IncomingMessage>((got) => Http.get({ host: "127.0.0.1", port, path }, got))
          )
          assert.strictEqual(down.digest, digest)
          const fields = path === "/length" ? { "content-length": blocks * block.length } : {}
          const answer = await once<Http.IncomingMessage>((got) =>
            writeBlocks(Http.request({ host: "127.0.0.1", port, path, method: "POST", headers: fields }, got))
          )
          let text = ""
          for await (const bytes of answer) text += bytes
          assert.strictEqual(text, digest)
          most = Math.max(most, down.most)
        }
        // App, front and client are this one process.
        assert.isBelow((most - before) / 2 ** 20, 96, "MiB more than before")
      })
    })
  )

  it.scopedLive("waits for a slow reader on either side", () =>
    Effect.gen(function* () {
      let taken = 0
      const { port } = yield* app((request, response) => {
        if (request.method === "GET") return void writeBlocks(response)
        request.pause()
        setTimeout(() => request.resume().on("end", () => response.end(`${taken}`)), 100)
        request.on("data", (bytes: Buffer) => {
          taken += bytes.length
        })
        request.pause()
      })
      yield* Effect.promise(async () => {
        const slow = await once<Http.IncomingMessage>((got) => Http.get({ host: "127.0.0.1", port }, got))
        slow.pause()
        const answer = await once<Http.IncomingMessage>((got) =>
          writeBlocks(Http.request({ host: "127.0.0.1", port, method: "POST" }, got))
        )
        let text = ""
        for await (const bytes of answer) text += bytes
        assert.strictEqual(text, `${blocks * block.length}`)
        assert.strictEqual((await consume(slow)).digest, digest)
      })
    })
  )

  it.scopedLive("is requested with 100 Continue by the app, and by nobody else", () =>
    Effect.gen(function* () {
      const { port, server } = yield* app((_, response) => response.end("unasked"))
      server.on("checkContinue", (request: Http.IncomingMessage, response: Http.ServerResponse) => {
        if (request.url === "/no") return response.writeHead(417).end()
        response.writeContinue()
        request.pipe(response)
      })
      const expecting = (path: string) =>
        head(`POST ${path} HTTP/1.1`, "Host: a", "Expect: 100-continue", "Content-Length: 4")
      // A client that is refused is not waited for: its next bytes may be the body or another request.
      const refused = yield* say(port, expecting("/no"))
      assert.strictEqual(statusOf(refused), "417")
      assert.match(refused, /connection: close/i)
      const asked = yield* Effect.promise(
        () =>
          new Promise<string>((resolve) => {
            let got = ""
            const socket = Net.connect(port, "127.0.0.1", () => socket.write(expecting("/yes")))
            socket.on("data", (bytes: Buffer) => {
              got += bytes.toString()
              if (got === "HTTP/1.1 100 Continue\r\n\r\n") socket.write("body")
              if (got.includes("body")) {
                socket.destroy()
                resolve(got)
              }
            })
          })
      )
      assert.match(asked, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*body/)
    })
  )

  it.scopedLive("is discarded if the app answers before its end, and the next request is understood", () =>
    Effect.gen(function* () {
      const { port } = yield* app((request, response) => {
        response.end(request.method === "POST" ? "early" : "next")
      })
      const post = head("POST / HTTP/1.1", "Host: a", "Content-Length: 3000000")
      const answers = yield* say(
        port,
        `${post}${"x".repeat(3_000_000)}${head("GET / HTTP/1.1", "Host: a", "Connection: close")}`
      )
      assert.match(answers, /early[\s\S]*next/)
    })
  )

  it.scopedLive("does not cost the client an answer that the app gave before it closed", () =>
    Effect.gen(function* () {
      const { port } = yield* app((_, response) => {
        response.writeHead(413, { connection: "close" })
        response.end("too large")
      })
      for (const size of [200_000, 2_000_000]) {
        for (let i = 0; i < 20; i++) {
          const post = head("POST / HTTP/1.1", "Host: a", `Content-Length: ${size}`)
          const next = head("GET / HTTP/1.1", "Host: a", "Connection: close")
          const answer = yield* say(port, `${post}${"x".repeat(size)}${next}`)
          assert.deepStrictEqual(answer.match(/HTTP\/1\.1 \d+|too large/g), [
            "HTTP/1.1 413",
            "too large",
            "HTTP/1.1 413",
            "too large"
          ])
        }
      }
    })
  )

  it.scopedLive("is 502 if the app closes without reading it and without a whole answer", () =>
    Effect.gen(function* () {
      const answers = ["", "HTTP/1.1 413 Content Too Large\r\n"]
      const { port } = yield* script((socket, text) => {
        socket.pause()
        socket.write(answers[Number(/\/(\d+)/.exec(text)?.[1])] ?? "", () => socket.resetAndDestroy())
      })
      for (const i of answers.keys()) {
        const post = head(`POST /${i} HTTP/1.1`, "Host: a", "Content-Length: 2000000")
        const next = get(`/${i}`)
        const answer = yield* say(port, `${post}${"x".repeat(2_000_000)}${next}`)
        assert.strictEqual(statusOf(answer), "502")
      }
    })
  )

  it.scopedLive("may be written whole by a client that reads nothing before", () =>
    Effect.gen(function* () {
      const { port } = yield* script((socket) => {
        socket.pause()
        // By then the upload has stalled.
        setTimeout(() => socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"), 200)
      })
      const size = 16_000_000
      const got = yield* Effect.promise(
        () =>
          new Promise<string>((resolve) => {
            const client = Net.connect({ host: "127.0.0.1", port })
            client.pause()
            client.write(head("POST / HTTP/1.1", "Host: a", `Content-Length: ${size}`))
            client.write(Buffer.alloc(size), () => {
              client.once("data", (bytes: Buffer) => {
                resolve(bytes.toString())
                client.destroy()
              })
              client.resume()
            })
          })
      )
      assert.match(got, /^HTTP\/1\.1 413 [\s\S]*no$/)
    })
  )

  for (const [what, closes] of [
    ["closes", true],
    ["keeps the connection open", false]
  ] as const)
    it.scopedLive(`does not cost Node's own client the answer of an app that reads nothing and ${what}`, () =>
      Effect.gen(function* () {
        const { port } = yield* app((_, response) => {
          if (closes) response.setHeader("connection", "close")
          response.writeHead(413).end("too large")
        })
        const upload = (size: number, agent: Http.Agent) =>
          new Promise<string>((resolve) => {
            const options = { host: "127.0.0.1", port, method: "POST", agent }
            const request = Http.request({ ...options, headers: { "content-length": size } }, (answer) => {
              let text = ""
              answer.on("data", (bytes: Buffer) => {
                text += bytes
              })
              answer.on("error", ({ message }) => resolve(message))
              answer.on("end", () => resolve(`${answer.statusCode} ${text}`))
            })
            request.on("error", ({ message }) => resolve(message))
            request.end(Buffer.alloc(size))
          })
        yield* Effect.promise(async () => {
          for (const keepAlive of [true, false]) {
            const agent = new Http.Agent({ keepAlive })
            const answers = new Set<string>()
            for (const size of [200_000, 2_000_000])
              for (let i = 0; i < 30; i++) answers.add(await upload(size, agent))
            assert.deepStrictEqual([...answers], ["413 too large"], `keepAlive: ${keepAlive}`)
            agent.destroy()
          }
        })
      })
    )

  for (const [what, version, ...fields] of [
    ["a client that closes after it", "1.1", "Connection: close"],
    ["an HTTP/1.0 client", "1.0"]
  ] as const)
    it.scopedLive(`is read to its end after the last answer of ${what}, and nothing behind it is`, () =>
      Effect.gen(function* () {
        let served = 0
        const { port } = yield* app((_, response) => {
          served++
          response.end("early")
        })
        const size = 4_000_000
        const post = head(`POST / HTTP/${version}`, "Host: a", `Content-Length: ${size}`, ...fields)
        for (let i = 1; i <= 10; i++) {
          const answer = yield* sayBeforeReading(port, `${post}${"x".repeat(size)}${get("/smuggled")}`)
          assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*early\r?\n?/)
          assert.strictEqual(served, i)
        }
      })
    )

  it.scopedLive("is read to its end after the front's own answer, too", () =>
    Effect.gen(function* () {
      const { port, front } = yield* app((_, response) => response.end())
      yield* front.remove({ id: "app", port: 0 })
      const body = "x".repeat(4_000_000)
      for (const [host, status] of [
        ["a", "503"],
        ["tako.internal", "421"],
        ["a/b", "400"]
      ] as const) {
        const fields = [`Host: ${host}`, `Content-Length: ${body.length}`, "Connection: close"]
        const answer = yield* sayBeforeReading(port, `${head("POST / HTTP/1.1", ...fields)}${body}`)
        assert.strictEqual(statusOf(answer), status)
      }
    })
  )

  it.scopedLive("that its client does not finish after the answer ends the connection soon", () =>
    Effect.gen(function* () {
      const { port } = yield* app((_, response) => response.end("early"))
      const answer = yield* say(port, `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 9")}x`)
      assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*early/)
    })
  )

  it.scopedLive("keeps the trailers that may be forwarded", () =>
    Effect.gen(function* () {
      const { port } = yield* app((request, response) => {
        request.resume().on("end", () => response.end(JSON.stringify(request.rawTrailers)))
      })
      const answer = yield* say(
        port,
        `${head("POST / HTTP/1.1", "Host: a", "Connection: close", "Transfer-Encoding: chunked")}3\r\nabc\r\n0\r\nX-Sum: 3\r\nX-Tako-A: b\r\nHost: evil\r\n\r\n`
      )
      assert.include(answer, '["X-Sum","3"]')
    })
  )
})
