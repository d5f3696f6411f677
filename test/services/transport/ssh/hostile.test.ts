import * as Net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { ServerChannel } from "ssh2"
import { connect } from "../../../../src/programs/client/client.ts"
import { Transport } from "../../../../src/services/transport/transport.ts"
import { app, canary, list, secrets } from "../fixtures.ts"
import { hello } from "../hostile.ts"
import { hostileSsh, type Manners } from "./hostile-ssh.ts"

/** Answers hello properly, and then sends this. */
const afterHello =
  (
    act: (channel: ServerChannel, connection: { readonly end: () => void }) => void
  ): NonNullable<Manners["line"]> =>
  (channel, line, connection) => {
    if (line.includes('"hello"')) channel.write(hello)
    else act(channel, connection)
  }

const escapes = "\u001b[2J\u001b]0;owned\u0007"

const cases: ReadonlyArray<readonly [string, Manners, object]> = [
  ["hangs up at once", { raw: (socket) => socket.destroy() }, { stage: "host-key", reason: "closed" }],
  [
    "says nothing",
    { raw: () => {}, timeouts: { hostKey: "200 millis" } },
    { stage: "host-key", reason: "timeout" }
  ],
  [
    "is a web server",
    { raw: (socket) => socket.end("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n") },
    { stage: "host-key" }
  ],
  [
    "sends 10 MB of garbage",
    { raw: (socket) => socket.write(Buffer.alloc(10_000_000, 0x78)) },
    { stage: "host-key" }
  ],
  [
    "greets, and then sends garbage",
    {
      raw: (socket) =>
        socket.write(Buffer.concat([Buffer.from("SSH-2.0-x\r\n"), Buffer.alloc(100_000, 0xff)]))
    },
    { stage: "host-key" }
  ],
  [
    "greets with escapes",
    { raw: (socket) => socket.end(`${escapes}\r\nSSH-2.0-${escapes}\r\n`) },
    { stage: "host-key" }
  ],
  ["nobody knows", { known: () => "" }, { _tag: "HostKeyRefused", reason: "unknown" }],
  [
    "has another key",
    { known: (line) => line.replace(/.{8}(=*\n)$/, "AAAAAAAA$1") },
    { _tag: "HostKeyRefused", reason: "changed" }
  ],
  [
    "has a revoked key",
    { known: (line) => `${line}@revoked ${line}` },
    { _tag: "HostKeyRefused", reason: "revoked" }
  ],
  [
    "takes no key",
    { authenticate: (_, reject) => reject() },
    { _tag: "LoginRefused", reason: "refused", offered: 1 }
  ],
  [
    "does not say whether it takes a key",
    { authenticate: () => {}, timeouts: { authenticate: "200 millis" } },
    { stage: "authenticate", reason: "timeout" }
  ],
  [
    "hangs up at the login",
    { authenticate: (_accept, _reject, connection) => connection.end() },
    { _tag: "ServerUnreachable", stage: "authenticate" }
  ],
  ["has no socket there", { socket: (_, reject) => reject() }, { stage: "socket" }],
  [
    "does not say whether there is a socket",
    { socket: () => {}, timeouts: { socket: "200 millis" } },
    { stage: "socket", reason: "timeout" }
  ],
  [
    "hangs up when the socket is asked for",
    { socket: (_accept, _reject, connection) => connection.end() },
    { stage: "socket", reason: "closed" }
  ],
  [
    "closes the socket at once",
    { socket: (accept) => void accept().close() },
    { _tag: "ServerUnreachable", reason: "closed" }
  ],
  [
    "hangs up after the greeting",
    { line: afterHello((_, connection) => connection.end()) },
    { stage: "reply", reason: "closed" }
  ],
  [
    "closes the socket in the middle of its answer",
    { line: afterHello((channel) => channel.end('{"status":')) },
    { stage: "reply", reason: "closed" }
  ],
  [
    "answers with 10 MB of garbage in a line",
    { line: afterHello((channel) => channel.write(`${"x".repeat(10_000_000)}\n`)) },
    { _tag: "ServerMisbehaved", reason: "not-json" }
  ],
  [
    "answers with a line that does not end",
    { line: afterHello((channel) => channel.write("x".repeat(17 * 1024 * 1024))) },
    { _tag: "ServerMisbehaved", reason: "too-long" }
  ],
  [
    "answers with a prototype",
    { line: afterHello((channel) => channel.write('{"__proto__":{"status":"ok","data":{}}}\n')) },
    { _tag: "ServerMisbehaved", reason: "not-an-answer" }
  ],
  [
    "answers with escapes",
    {
      line: afterHello((channel) =>
        channel.write(`{"status":"error","message":${JSON.stringify(escapes)}}\n`)
      )
    },
    { _tag: "ServerRefused" }
  ]
]

describe("a host that", () => {
  it.scopedLive.each(cases)(
    "%s is reported with its stage, and cannot draw on the terminal",
    ([_, manners, expected]) =>
      Effect.gen(function* () {
        const { target, transport, received } = yield* hostileSsh(manners)
        const error = yield* Effect.flip(
          Effect.flatMap(connect(target), (server) =>
            server.call({ command: "update_secrets", app, secrets })
          ).pipe(Effect.provide(transport))
        ).pipe(Effect.timeout("50 seconds"))
        const found = Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(error, key)]))
        assert.deepStrictEqual(found, expected, error.message)
        assert.notMatch(error.message, /(?!\n)\p{Cc}/u)
        assert.notInclude(error.message, canary)
        if (manners.line === undefined) assert.notInclude(received(), canary)
        assert.strictEqual(({} as { status?: string }).status, undefined)
      })
  )

  it.scopedLive("does not exist is reported at the connect stage", () =>
    Effect.gen(function* () {
      const { target, transport } = yield* hostileSsh({})
      const port = yield* freePort
      const gone = { ...target, ssh: { host: "la.example", port } }
      const error = yield* Effect.flip(Effect.provide(connect(gone), transport))
      assert.deepInclude(error, { stage: "connect", reason: "ECONNREFUSED" })
      assert.include(error.message, `Nothing listens on 127.0.0.1:${port}`)
    })
  )

  it.scopedLive("hangs in the middle takes no longer than the timeout", () =>
    Effect.gen(function* () {
      const { target, transport } = yield* hostileSsh({ line: () => {} })
      const error = yield* Effect.flatMap(Transport, ({ connect }) => connect(target)).pipe(
        Effect.flatMap(({ exchange }) => Effect.flip(exchange(list, "50 millis"))),
        Effect.provide(transport)
      )
      assert.deepInclude(error, { stage: "reply", reason: "timeout" })
    })
  )
})

const freePort = Effect.async<number>((resume) => {
  const server = Net.createServer()
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as Net.AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})
