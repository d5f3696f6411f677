import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { AppName } from "../../../src/domain/app/app-name.ts"
import { first } from "../../../src/domain/app/release.ts"
import { SecretName } from "../../../src/domain/names.ts"
import { decodeResponse, encodeResponse, error, ok } from "../../../src/domain/protocol/replies.ts"
import {
  commands,
  decodeRequest,
  encodeRequest,
  type Request
} from "../../../src/domain/protocol/requests.ts"
import * as FastCheck from "../../support/fast-check.ts"

const app = AppName("my-app/production")
const bytes = (text: string) => new TextEncoder().encode(text)
const decode = (text: string) => decodeRequest(bytes(text))
const refusal = (text: string) => Either.getOrThrow(Either.flip(decode(text)))
const canary = "c4nary-value"

describe("a request", () => {
  it.each([
    ['{"command":"hello","protocol_version":0}', { command: "hello", protocol_version: 0 }],
    ['{"command":"status","app":"my-app/production"}', { command: "status", app }],
    ['{"command":"list"}', { command: "list" }],
    ['{"command":"server_info"}', { command: "server_info" }],
    ['{"command":"get_secrets_hash","app":"my-app/production"}', { command: "get_secrets_hash", app }]
  ])("is accepted as the original sends it: %s", (line, request) => {
    assert.deepStrictEqual<unknown>(Either.getOrThrow(decode(line)), request)
  })

  it("carries secrets as the original does, redacted immediately", () => {
    const request = Either.getOrThrow(
      decode(`{"command":"update_secrets","app":"my-app/production","secrets":{"K":"${canary}"}}`)
    )
    assert.strictEqual(request.command, "update_secrets")
    if (request.command !== "update_secrets") return
    assert.strictEqual(Redacted.value(request.secrets.get(SecretName("K")) as Redacted.Redacted), canary)
    assert.notInclude(JSON.stringify([...request.secrets]), canary)
  })

  const requests: ReadonlyArray<Request> = [
    {
      command: "update_secrets",
      app,
      secrets: new Map([
        [SecretName("A"), Redacted.make('quo"te\n\u2028')],
        [SecretName("EMPTY"), Redacted.make("")]
      ]),
      dry_run: true,
      by: "ann",
      expected_revision: 0
    },
    {
      command: "deploy",
      app,
      directory: "/srv/app",
      start: ["node", "server.js"],
      port: "assign",
      listen: "127.0.0.1:8080",
      drain_ms: 5000,
      vars: new Map([["LOG", "debug"]]),
      instances: 2
    },
    { command: "scale", app, instances: 3 },
    { command: "rollback", app, release: 2, by: "ann" },
    { command: "restart", app, by: "ann" },
    { command: "logs", app, lines: 10, after: "17" }
  ]
  it.each(requests)("round-trips: $command", (request) => {
    const line = Redacted.value(encodeRequest(request))
    assert.strictEqual(line.indexOf("\n"), line.length - 1)
    const decoded = Either.getOrThrow(decode(line.slice(0, -1)))
    assert.deepStrictEqual(Redacted.value(encodeRequest(decoded)), line)
    assert.deepEqual(Object.keys(decoded).sort(), Object.keys(request).sort())
  })

  it.each([
    ["", "JSON"],
    ["[]", "must be an object"],
    ['{"app":"a/b"}', 'must have a "command"'],
    ['{"command":"update_secret","app":"a/b"}', "did you mean update_secrets?"],
    ['{"command":"constructor"}', "no command constructor"],
    ['{"command":"status"}', "status: app is missing."],
    ['{"command":"status","app":"../../etc"}', "app must be an app and its environment"],
    ['{"command":"list","key-id":1}', "key-id is not a key that tako knows"],
    ['{"command":"update_secrets","app":"a/b","secrets":{},"keyid":"x"}', "did you mean key_id?"],
    [
      `{"command":"update_secrets","app":"a/b","secrets":{"lower":"${canary}"}}`,
      "secrets.lower is not the name"
    ],
    [`{"command":"update_secrets","app":"a/b","secrets":{"A":["${canary}"]}}`, "secrets.A must be a string"],
    [`{"command":"update_secrets","app":"a/b","secrets":"${canary}"}`, "secrets must be an object"],
    ['{"command":"update_secrets","app":"a/b","secrets":{"A":"\\ud800"}}', "Unicode"],
    [`{"command":"list","command":"${canary}"}`, "same name twice"],
    ['{"command":"list","__proto__":{"app":"a/b"}}', "__proto__ is not a key that tako knows"],
    [
      '{"command":"update_secrets","app":"a/b","secrets":{"__proto__":"x"}}',
      "secrets.__proto__ is not the name"
    ],
    ['{"__proto__":{"command":"list"}}', 'must have a "command"'],
    [`${"[".repeat(100)}${"]".repeat(100)}`, "64 levels"],
    ['{"command":"scale","app":"a/b","instances":1001}', "instances must be a whole number from 1 to 1000"],
    ['{"command":"\\u001b[2J"}', "\\u001b"]
  ])("is refused with a sentence when it is %s", (line, words) => {
    const message = refusal(line)
    assert.include(message, words)
    assert.notInclude(message, canary)
    assert.notMatch(message, /\p{Cc}/u)
    assert.strictEqual(Object.hasOwn(Object.prototype, "command"), false)
  })

  it("that is not UTF-8 is refused", () => {
    const message = Either.getOrThrow(Either.flip(decodeRequest(new Uint8Array([0x7b, 0xff, 0x7d]))))
    assert.include(message, "UTF-8")
  })

  it("of any form is either decoded or refused, and no value is quoted", () => {
    const json = FastCheck.jsonValue({ maxDepth: 3 })
    const near = FastCheck.tuple(
      FastCheck.constantFrom(...commands),
      FastCheck.dictionary(FastCheck.string(), json)
    ).map(([command, more]) =>
      JSON.stringify({ command, app: "a/b", by: 1, secrets: { A: canary, b: canary }, ...more })
    )
    const cut = FastCheck.tuple(near, FastCheck.nat()).map(([line, at]) =>
      line.slice(0, at % (line.length + 1))
    )
    const text = FastCheck.oneof(
      near,
      cut,
      json.map((value) => JSON.stringify(value)),
      FastCheck.string()
    )
    FastCheck.assert(
      FastCheck.property(text, (line) => {
        const decoded = decode(line)
        if (Either.isLeft(decoded)) assert.notInclude(decoded.left, canary)
        else assert.include(commands, decoded.right.command)
        decodeResponse("status", bytes(line))
      }),
      { numRuns: 1000 }
    )
  })
})

describe("a response", () => {
  it("looks like the original's", () => {
    const hello = ok<"hello">({ protocol_version: 0, server_version: "1", capabilities: ["list"] })
    assert.strictEqual(
      encodeResponse(hello),
      '{"status":"ok","data":{"protocol_version":0,"server_version":"1","capabilities":["list"]}}\n'
    )
    assert.strictEqual(encodeResponse(error("no")), '{"status":"error","message":"no"}\n')
  })

  it("round-trips, maps included", () => {
    const data = {
      app,
      current: 1,
      releases: [
        {
          id: 1,
          revision: first,
          at: "2026-01-31T12:00:00.000Z",
          directory: "/srv/app",
          start: "node x",
          vars: new Map([["A", "1"]])
        }
      ]
    }
    const line = encodeResponse(ok<"releases">(data))
    const answer = Either.getOrThrow(decodeResponse("releases", bytes(line)))
    assert.deepStrictEqual<unknown>(answer, { _tag: "Done", data })
  })

  it.each([
    ["no text", "\uFFFF{", "not-json"],
    ["nothing of ours", "{}", "not-an-answer"],
    ["another command's", '{"status":"ok","data":{"apps":[]}}', "not-an-answer"],
    ["an error without a message", '{"status":"error"}', "not-an-answer"],
    ["a prototype", '{"__proto__":{"status":"ok"}}', "not-an-answer"]
  ])("that is %s is refused", (_, line, reason) => {
    assert.strictEqual(Either.getOrThrow(Either.flip(decodeResponse("hello", bytes(line)))), reason)
  })

  it("of a newer server may have more members", () => {
    const line =
      '{"status":"ok","data":{"protocol_version":0,"server_version":"9","capabilities":[],"mood":"good"},"more":1}'
    const answer = Either.getOrThrow(decodeResponse("hello", bytes(line)))
    assert.deepStrictEqual<unknown>(answer, {
      _tag: "Done",
      data: { protocol_version: 0, server_version: "9", capabilities: [] }
    })
  })

  it("of a newer server may have more members in lists, too", () => {
    const at = "2026-01-31T12:00:00.000Z"
    const event = { at, action: "stop", outcome: "done" }
    const release = { id: 1, revision: null, at, directory: "/srv/app", start: "node x" }
    const line = (data: object) => bytes(JSON.stringify({ status: "ok", data }))
    const events = decodeResponse("events", line({ app, events: [{ ...event, mood: "good" }] }))
    const releases = decodeResponse(
      "releases",
      line({ app, releases: [{ ...release, mood: 1 }], current: 1 })
    )
    assert.deepStrictEqual<unknown>(Either.getOrThrow(events), {
      _tag: "Done",
      data: { app, events: [event] }
    })
    assert.deepStrictEqual<unknown>(Either.getOrThrow(releases), {
      _tag: "Done",
      data: { app, releases: [release], current: 1 }
    })
  })
})
