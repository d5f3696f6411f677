import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import type * as Schema from "effect/Schema"
import { AppState } from "../../../src/domain/app/app-state.ts"
import { AuditEntry } from "../../../src/domain/app/audit.ts"
import * as SecretSet from "../../../src/domain/app/secret-set.ts"
import { makeEnvelope } from "../../../src/domain/envelope.ts"
import { makePinsFile } from "../../../src/domain/pins.ts"
import { decodeResponse, makeReplies } from "../../../src/domain/protocol/replies.ts"
import { type Command, commands, decodeRequest, requests } from "../../../src/domain/protocol/requests.ts"
import { decoderOf } from "../../../src/domain/schema/decoder.ts"
import { decode as decodeConfig } from "../../../src/domain/server-registry/config-toml.ts"
import { decode as decodeTakoToml } from "../../../src/domain/tako-toml/decode.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { seed } from "../../support/random.ts"
import { wireOf } from "../../support/wire.ts"

const canary = "c4nary-sk_live\u0000value"
const seen = /c4nary/
const key = "0123456789abcdef"
const replies: Readonly<Record<Command, Schema.Schema.AnyNoContext>> = makeReplies()

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

/** Copies of the value, each with one of its parts replaced by `other`. */
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

/** A JSON value that fits the schema and has every optional member. */
const completeOf = (schema: Schema.Schema.AnyNoContext) =>
  FastCheck.sample(wireOf(schema, { complete: true }), { numRuns: 1, seed })[0]

describe("a value in the wrong place", () => {
  it.each(commands)("of a request is not quoted in the answer: %s", (command) => {
    const request = completeOf(requests[command])
    assert.isTrue(Either.isRight(decodeRequest(bytes(request))))
    let refused = 0
    for (const line of everywhere(request)) {
      // An unknown command is named in the answer, so that users see a misspelling.
      if ((line as { command?: unknown }).command !== command) continue
      const decoded = decodeRequest(bytes(line))
      if (Either.isRight(decoded)) continue
      refused++
      assert.notMatch(decoded.left, seen)
    }
    assert.strictEqual(refused > 0, Object.keys(request as object).length > 1)
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

  it.each(commands)("of a reply is refused without being quoted: %s", (command) => {
    const decode = (data: unknown) => decodeResponse(command, bytes({ status: "ok", data }))
    const data = completeOf(replies[command])
    assert.isTrue(Either.isRight(decode(data)))
    let refused = 0
    for (const changed of everywhere(data)) {
      const answer = decode(changed)
      if (Either.isRight(answer)) continue
      refused++
      assert.strictEqual(answer.left, "not-an-answer")
    }
    assert.isAbove(refused, 0)
  })

  it.each([
    ["an app's state", AppState, completeOf(AppState)],
    ["an entry of the audit trail", AuditEntry, completeOf(AuditEntry)],
    ["a set of secrets", SecretSet.SecretSet, { A: "1" }],
    ["an envelope", makeEnvelope(), { token: "t", secrets: { A: "1" }, environment: "production" }],
    ["the pins", makePinsFile(), { "/a": { production: [key, key], staging: key } }]
  ] as const)("of %s is not quoted in the problem", (_, schema: Schema.Schema.AnyNoContext, json) => {
    const decode = decoderOf(() => schema)
    assert.isTrue(Either.isRight(decode(json)))
    let refused = 0
    for (const changed of everywhere(json)) {
      const decoded = decode(changed)
      if (Either.isRight(decoded)) continue
      refused++
      assert.notMatch(JSON.stringify(decoded.left), seen)
    }
    assert.isAbove(refused, 0)
  })

  it("of a set of secrets is not quoted", () => {
    assert.isUndefined(SecretSet.decode(JSON.stringify({ A: [canary] })))
    assert.strictEqual(SecretSet.decode('{"A":"1"}')?.size, 1)
  })
})
