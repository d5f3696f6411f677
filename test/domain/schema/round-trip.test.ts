import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { AppState } from "../../../src/domain/app/app-state.ts"
import * as Audit from "../../../src/domain/app/audit.ts"
import * as SecretSet from "../../../src/domain/app/secret-set.ts"
import * as Envelope from "../../../src/domain/envelope.ts"
import type { KeyId } from "../../../src/domain/key.ts"
import type { EnvironmentName } from "../../../src/domain/names.ts"
import * as Pins from "../../../src/domain/pins.ts"
import { decodeResponse, encodeResponse, makeReplies, ok } from "../../../src/domain/protocol/replies.ts"
import {
  type Command,
  commands,
  decodeRequest,
  encodeRequest,
  requests
} from "../../../src/domain/protocol/requests.ts"
import { decoderOf } from "../../../src/domain/schema/decoder.ts"
import * as FastCheck from "../../support/fast-check.ts"
import { wireOf } from "../../support/wire.ts"

const replies: Readonly<Record<Command, Schema.Schema.AnyNoContext>> = makeReplies()
const bytes = (json: unknown) => new TextEncoder().encode(JSON.stringify(json))
const { right } = Either

const numRuns = 200

describe("whatever a schema of the wire or the disk allows", () => {
  it.each(commands)("round-trips as a request: %s", (command) => {
    FastCheck.assert(
      FastCheck.property(wireOf(requests[command]), (json) => {
        const request = Either.getOrThrow(decodeRequest(bytes(json)))
        const line = Redacted.value(encodeRequest(request))
        assert.match(line, /^[^\n]+\n$/)
        assert.deepStrictEqual(decodeRequest(new TextEncoder().encode(line)), right(request))
      }),
      { numRuns }
    )
  })

  it.each(commands)("round-trips as a reply: %s", (command) => {
    FastCheck.assert(
      FastCheck.property(wireOf(replies[command]), (data) => {
        const answer = Either.getOrThrow(decodeResponse(command, bytes({ status: "ok", data })))
        if (answer._tag !== "Done") return assert.fail(answer._tag)
        const line = encodeResponse(ok(answer.data))
        assert.match(line, /^[^\n]+\n$/)
        assert.deepStrictEqual(decodeResponse(command, new TextEncoder().encode(line)), right(answer))
      }),
      { numRuns }
    )
  })

  it("round-trips as an app's state", () => {
    const decode = decoderOf(() => AppState)
    FastCheck.assert(
      FastCheck.property(wireOf(AppState), (json) => {
        const state = Either.getOrThrow(decode(json))
        assert.deepStrictEqual(decode(Schema.encodeSync(AppState)(state)), right(state))
      }),
      { numRuns }
    )
  })

  it("round-trips as an audit entry, which always says that its author is unverified", () => {
    FastCheck.assert(
      FastCheck.property(wireOf(Audit.AuditEntry), (json) => {
        const [entry] = Audit.parse(JSON.stringify(json))
        assert.isDefined(entry)
        if (entry === undefined) return
        const marked = entry.by === undefined ? entry : { ...entry, verified: false }
        assert.deepStrictEqual(Audit.parse(Audit.print(entry)), [marked])
      }),
      { numRuns }
    )
  })

  it("round-trips as a set of secrets", () => {
    FastCheck.assert(
      FastCheck.property(wireOf(SecretSet.SecretSet), (json) => {
        const secrets = SecretSet.decode(JSON.stringify(json))
        assert.isDefined(secrets)
        if (secrets === undefined) return
        assert.strictEqual(secrets.size, Object.keys(json as object).length)
        assert.deepStrictEqual(SecretSet.decode(Redacted.value(SecretSet.encode(secrets))), secrets)
      }),
      { numRuns }
    )
  })

  it("round-trips as an envelope", () => {
    FastCheck.assert(
      FastCheck.property(wireOf(Envelope.makeEnvelope()), (json) => {
        const envelope = Either.getOrThrow(Envelope.decode(json))
        const again = JSON.parse(Redacted.value(Envelope.encode(envelope)))
        assert.deepStrictEqual(Envelope.decode(again), right(envelope))
      }),
      { numRuns }
    )
  })

  it("round-trips as pins", () => {
    const id = FastCheck.constantFrom(
      ...(["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "0123456789abcdef"] as Array<KeyId>)
    )
    const pin = FastCheck.record({ id, unbound: FastCheck.boolean() })
    const keys = FastCheck.uniqueArray(pin, { minLength: 1, selector: ({ id }) => id })
    const environment = FastCheck.constantFrom(...(["production", "staging"] as Array<EnvironmentName>))
    const pinned = FastCheck.array(FastCheck.tuple(FastCheck.string(), environment, keys))
    FastCheck.assert(
      FastCheck.property(pinned, (all) => {
        const pins = all.reduce<Pins.Pins>(
          (pins, [project, name, keys]) => Pins.pin(pins, project, name, keys),
          Pins.empty
        )
        const text = Pins.print(pins)
        const again = Pins.parse(new TextEncoder().encode(text))
        assert.strictEqual(again._tag === "Some" ? Pins.print(again.value) : again._tag, text)
        for (const [project, name] of all) {
          const of = (pins: Pins.Pins) => Pins.of(pins, project, name)
          assert.deepStrictEqual(again._tag === "Some" ? of(again.value) : [], of(pins))
        }
      }),
      { numRuns }
    )
  })
})
