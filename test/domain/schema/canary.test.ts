import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as SecretSet from "../../../src/domain/app/secret-set.ts"
import { decodeResponse } from "../../../src/domain/protocol/replies.ts"
import { decodeRequest } from "../../../src/domain/protocol/requests.ts"
import { decode as decodeConfig } from "../../../src/domain/server-registry/config-toml.ts"
import { decode as decodeTakoToml } from "../../../src/domain/tako-toml/decode.ts"

const canary = "c4nary-sk_live\u0000value"
const seen = /c4nary/
const at = "2026-01-31T12:00:00.000Z"
const key = "0123456789abcdef"
const release = {
  id: 1,
  revision: 1,
  at,
  by: "ann",
  directory: "/srv/app",
  start: ["node", "x"],
  release: "y",
  port: 80,
  listen: "127.0.0.1:80",
  drain_ms: 5,
  vars: { A: "1" },
  build: "b"
}
const summary = { app: "a/b", phase: "running", healthy: 1, instances: 1, release: 1, revision: 1 }
const instance = {
  id: "x",
  pid: 1,
  phase: "healthy",
  port: 80,
  release: 1,
  revision: 1,
  started_at: at,
  restarts: 0
}

/** One of each shape, with every member. */
const requests = [
  { command: "hello", protocol_version: 0 },
  {
    command: "update_secrets",
    app: "a/b",
    secrets: { A: "1" },
    dry_run: true,
    key_id: key,
    previous_key_id: key,
    by: "ann",
    expected_revision: 1
  },
  (({ id, revision, at, ...rest }) => ({ command: "deploy", app: "a/b", instances: 2, ...rest }))(release),
  { command: "scale", app: "a/b", instances: 2, by: "ann" },
  { command: "rollback", app: "a/b", release: 1, by: "ann" },
  { command: "events", app: "a/b", limit: 1 },
  { command: "logs", app: "a/b", lines: 1, after: "1", instance: "x" }
]

const tako = {
  name: "shop",
  main: "server.ts",
  dev: ["vite"],
  release: "x",
  build: { run: "x", install: ["y"], include: ["a"], exclude: ["b"] },
  vars: { A: "1", production: { A: 2n } },
  envs: {
    production: {
      servers: ["la"],
      instances: 2n,
      listen: "127.0.0.1:80",
      port: 80n,
      drain: "30s",
      release: "x"
    }
  },
  secrets: { required: ["A"], optional: ["B"], shapes: { A: "url" } }
}

const config = {
  servers: [{ name: "la", host: "la.example", port: 22n, user: "ann", socket: "/run/x.sock" }]
}

/** The value with something else in the place of one part of it, once for each part. */
const misplaced = (value: unknown, other: unknown): ReadonlyArray<unknown> => {
  if (typeof value !== "object" || value === null) return [other]
  const parts = Object.entries(value)
  return [
    other,
    ...parts.flatMap(([key, part]) =>
      misplaced(part, other).map((changed) =>
        Array.isArray(value)
          ? value.map((one, index) => (String(index) === key ? changed : one))
          : { ...value, [key]: changed }
      )
    )
  ]
}

const others: ReadonlyArray<unknown> = [canary, [canary], { A: canary }, [[canary]], { A: { B: canary } }]
const everywhere = (value: unknown) => others.flatMap((other) => misplaced(value, other))

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

describe("a value in the wrong place", () => {
  it.each(requests)("of a request is not quoted in the answer: $command", (request) => {
    assert.isTrue(Either.isRight(decodeRequest(bytes(request))))
    for (const line of everywhere(request)) {
      // What a request's "command" is gets named, so that a person sees a misspelling.
      if ((line as { command?: unknown }).command !== request.command) continue
      const decoded = decodeRequest(bytes(line))
      if (Either.isLeft(decoded)) assert.notMatch(decoded.left, seen)
    }
  })

  it.each([
    ["tako.toml", tako, (value: unknown) => Either.map(decodeTakoToml(value, "folder"), () => true)],
    ["config.toml", config, (value: unknown) => Either.map(decodeConfig(value), () => true)]
  ] as const)("of %s is not in the problem", (_, document, decode) => {
    assert.isTrue(Either.isRight(decode(document)))
    let refused = 0
    for (const changed of everywhere(document)) {
      const decoded = decode(changed)
      if (Either.isRight(decoded)) continue
      refused++
      assert.notMatch(JSON.stringify(decoded.left), seen)
      assert.match(decoded.left.problem, /^[\x20-\x7e…]+$/)
    }
    assert.isAbove(refused, 20)
  })

  it.each([
    ["status", { ...summary, listen: "x", instance_list: [instance], problem: "x" }],
    ["list", { apps: [summary] }],
    ["releases", { app: "a/b", releases: [release], current: 1 }],
    [
      "events",
      { app: "a/b", events: [{ at, action: "stop", outcome: "done", by: "ann", revision: 1, added: ["A"] }] }
    ]
  ] as const)("of a reply leaves its reason a word: %s", (command, data) => {
    const decode = (data: unknown) => decodeResponse(command, bytes({ status: "ok", data }))
    assert.isTrue(Either.isRight(decode(data)))
    for (const changed of everywhere(data)) {
      const answer = decode(changed)
      if (Either.isLeft(answer)) assert.strictEqual(answer.left, "not-an-answer")
    }
  })

  it("of a set of secrets is not quoted", () => {
    assert.isUndefined(SecretSet.decode(JSON.stringify({ A: [canary] })))
    assert.strictEqual(SecretSet.decode('{"A":"1"}')?.size, 1)
  })
})
