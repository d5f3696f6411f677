import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { connect } from "../../../src/programs/client/client.ts"
import * as ManagementSocket from "../../../src/services/management/layer.ts"
import { Management } from "../../../src/services/management/management.ts"
import { contract, contractHandler } from "../../../src/services/transport/contract.ts"
import { layerLocal, layerLocalOf } from "../../../src/services/transport/layer-local.ts"
import { layerMemory } from "../../../src/services/transport/layer-memory.ts"
import { Transport } from "../../../src/services/transport/transport.ts"
import { testContract } from "../../support/contract.ts"
import { temporaryFolder } from "../files/folder.ts"
import { app, canary, list, secrets } from "./fixtures.ts"
import { hello, hostile } from "./hostile.ts"

testContract(
  "Transport to a unix socket",
  contract(
    Effect.gen(function* () {
      const socket = Path.join(yield* temporaryFolder(), "s")
      yield* Effect.provide(
        Effect.flatMap(Management, ({ serve }) => serve(contractHandler)),
        ManagementSocket.layer({ path: socket })
      )
      return {
        transport: layerLocal,
        target: { _tag: "Local", name: "local", socket },
        nobody: { _tag: "Local", name: "nobody", socket: `${socket}-not` }
      }
    })
  ),
  Layer.empty
)
testContract(
  "Transport in memory",
  contract(
    Effect.succeed({
      transport: layerMemory(new Map([["local", contractHandler]])),
      target: { _tag: "Local", name: "local", socket: "/run/tako.sock" },
      nobody: { _tag: "Local", name: "nobody", socket: "/run/tako.sock" }
    })
  ),
  Layer.empty
)

describe("a hostile server", () => {
  const meet = (act: Parameters<typeof hostile>[0]) =>
    Effect.flatMap(hostile(act), (target) =>
      Effect.flip(
        Effect.flatMap(connect(target), (server) => server.call({ command: "update_secrets", app, secrets }))
      ).pipe(Effect.provide(layerLocal))
    )

  /** Answers hello properly, and then sends this. */
  const afterHello =
    (bytes: string | Uint8Array) =>
    (socket: Parameters<Parameters<typeof hostile>[0]>[0], line: string): void => {
      if (line.includes('"hello"')) socket.write(hello)
      else if (line !== "") socket.write(bytes)
    }

  it.scopedLive.each([
    ["10 MB of garbage in a line", afterHello(`${"x".repeat(10_000_000)}\n`), { reason: "not-json" }],
    ["a line that does not end", afterHello("x".repeat(17 * 1024 * 1024)), { reason: "too-long" }],
    ["bytes that are no text", afterHello(Buffer.from([0xff, 0xfe, 0x0a])), { reason: "not-text" }],
    ["another command's answer", afterHello(hello), { reason: "not-an-answer" }],
    ["a prototype", afterHello('{"__proto__":{"status":"ok","data":{}}}\n'), { reason: "not-an-answer" }],
    [
      "a prototype in its data",
      afterHello('{"status":"ok","data":{"__proto__":{"status":"updated","app":"shop/production"}}}\n'),
      { reason: "not-an-answer" }
    ],
    [
      "another version",
      (socket: { write: (text: string) => void }, line: string) =>
        line === "" ? undefined : socket.write(hello.replace('version":0', 'version":1')),
      { reason: "version" }
    ],
    [
      "half an answer and its end",
      (socket: { end: (text: string) => void }, line: string) =>
        line === "" ? undefined : socket.end('{"status":'),
      { stage: "reply", reason: "closed" }
    ],
    ["its end at once", (socket: { destroy: () => void }) => socket.destroy(), { _tag: "ServerUnreachable" }]
  ] as const)("that sends %s is reported with its own reason", ([_, act, expected]) =>
    Effect.gen(function* () {
      const error = yield* meet(act as Parameters<typeof hostile>[0])
      assert.deepInclude(error, expected)
      assert.notInclude(error.message, canary)
      assert.strictEqual(({} as { status?: string }).status, undefined)
    })
  )

  it.scopedLive("can neither draw on the terminal nor flood it", () =>
    Effect.gen(function* () {
      const words = `\\u001b]0;owned\\u0007\\u202e${"long ".repeat(10_000)}`
      const error = yield* meet(afterHello(`{"status":"error","message":"${words}"}\n`))
      assert.strictEqual(error._tag, "ServerRefused")
      assert.notMatch(error.message, /(?!\n)\p{Cc}|\u202e/u)
      assert.isBelow(error.message.length, 5000)
    })
  )

  it.scopedLive("that hangs takes no longer than the timeout", () =>
    Effect.gen(function* () {
      const target = yield* hostile(() => {})
      const transport = yield* Transport
      const wire = yield* transport.connect(target)
      const late = yield* Effect.flip(wire.exchange(list, "20 millis"))
      assert.deepInclude(late, { stage: "reply", reason: "timeout" })
      const dead = yield* Effect.flip(wire.exchange(list, "5 seconds"))
      assert.strictEqual(dead._tag, "ServerUnreachable")
    }).pipe(Effect.provide(layerLocal))
  )

  it.scopedLive("that reads nothing times out at the request stage", () =>
    Effect.gen(function* () {
      const target = yield* hostile((socket) => void socket.pause())
      const transport = yield* Transport
      const wire = yield* transport.connect(target)
      const large = Redacted.make(`${"x".repeat(4_000_000)}\n`)
      const late = yield* Effect.flip(wire.exchange(large, "100 millis"))
      assert.deepInclude(late, { stage: "request", reason: "timeout" })
    }).pipe(Effect.provide(layerLocal))
  )
})

describe("the local transport", () => {
  it.scopedLive("connects to no other machine", () =>
    Effect.gen(function* () {
      const target = {
        _tag: "Ssh",
        name: "la",
        socket: "/run/tako.sock",
        ssh: { host: "la.example" }
      } as const
      const error = yield* Effect.flip(connect(target))
      assert.deepInclude(error, { _tag: "ServerUnreachable", stage: "resolve" })
    }).pipe(Effect.provide(layerLocalOf({ connectWithin: "1 second" })))
  )
})
