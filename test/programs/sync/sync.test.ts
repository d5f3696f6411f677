import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Result } from "../../../src/programs/sync/delivery.ts"
import { app, deployment, valueOf, world } from "../supervisor/world.ts"
import { delivered, has, otherKeyId, parcel, to, transportTo } from "./stage.ts"

/** A server that runs an app with these secrets. */
const serverWith = (values: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const server = yield* world
    yield* server.start
    const { layer } = transportTo({ la: (line) => server.line(line) })
    yield* Effect.provide(delivered(to(parcel(values), "la")), layer)
    yield* server.ask(deployment)
    return server
  })

const right = ({ outcome }: Result) => Either.getOrThrow(outcome)
const left = ({ outcome }: Result) => Either.getOrThrow(Either.flip(outcome))
const first = <A>(all: ReadonlyArray<A>): A => all[0] as A

describe("a sync", () => {
  it.scoped("replaces the instances of a running app with ones that have the new secrets", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ S0: "one", OLD: "x" })
      const { layer, sent, open } = transportTo({ la: server.line })
      const { results, progress } = yield* Effect.provide(
        delivered(to(parcel({ S0: "two", NEW: "y", OLD: "x" }), "la"), { by: "ada@laptop" }),
        layer
      )
      assert.deepStrictEqual(right(first(results)), {
        state: "updated",
        revision: 2,
        instances: 1,
        added: ["NEW"],
        changed: ["S0"],
        removed: []
      } as never)
      assert.deepStrictEqual(
        progress.map(({ stage }) => stage),
        ["Connecting", "Checking", "Waiting", "Sending"]
      )
      const started = yield* server.started
      assert.deepStrictEqual(
        started.map((process) => valueOf(process)),
        ["one", "two"]
      )
      const state = yield* server.ask({ command: "secrets_state", app })
      has(state, { revision: 2, proven: true, by: "ada@laptop" })
      // The server's state is read before any value is sent.
      assert.deepStrictEqual(
        sent.map(({ line }) => JSON.parse(line).command),
        ["hello", "secrets_state", "update_secrets"]
      )
      assert.strictEqual(open(), 0)
    })
  )

  it.scoped("that finds the same secrets replaces nothing", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ S0: "one" })
      const { layer } = transportTo({ la: server.line })
      const { results } = yield* Effect.provide(delivered(to(parcel({ S0: "one" }), "la")), layer)
      has(right(first(results)), { state: "unchanged", revision: 1, instances: 0 })
      assert.lengthOf(yield* server.started, 1)
    })
  )

  it.scoped(
    "asks once before servers lose secrets, shows what changes, and keeps no connection open meanwhile",
    () =>
      Effect.gen(function* () {
        const la = yield* serverWith({ S0: "one", OLD: "x" })
        const fra = yield* serverWith({ S0: "one" })
        const { layer, open } = transportTo({ la: la.line, fra: fra.line })
        const deliveries = to(parcel({ S0: "two" }), "la", "fra")
        const no = yield* Effect.flip(Effect.provide(delivered(deliveries, {}, false), layer))
        assert.strictEqual(no._tag, "Declined")
        for (const server of [la, fra]) {
          has(yield* server.ask({ command: "secrets_state", app }), { revision: 1 })
        }
        const { asked, results } = yield* Effect.provide(delivered(deliveries, {}, true), layer)
        assert.lengthOf(asked, 1)
        assert.deepStrictEqual(
          first(asked).map(({ delivery, plan, removed }) => [delivery.target.name, plan.changed, removed]),
          [["la", ["S0"], ["OLD"]]] as never
        )
        assert.deepStrictEqual(
          results.map((result) => right(result).revision),
          [2, 2] as never
        )
        assert.strictEqual(open(), 0)
      })
  )

  it.scoped(
    "does not ask about what was agreed to, and sends an environment that became empty as empty",
    () =>
      Effect.gen(function* () {
        const server = yield* serverWith({ S0: "one" })
        const { layer } = transportTo({ la: server.line })
        const { results } = yield* Effect.provide(
          delivered(to(parcel({}), "la"), { agreed: new Set(["S0"]) as never }),
          layer
        )
        has(right(first(results)), { state: "updated", removed: ["S0"] })
        has(yield* server.ask({ command: "secrets_state", app }), { names: [], revision: 2 })
        assert.deepStrictEqual([...((yield* server.started).at(-1)?.spec.secrets ?? [])], [])
      })
  )

  it.scoped("only reports what it would do in a dry run", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ S0: "one", OLD: "x" })
      const { layer } = transportTo({ la: server.line })
      const { results, asked } = yield* Effect.provide(
        delivered(to(parcel({ S0: "two", NEW: "y" }), "la"), { dryRun: true }),
        layer
      )
      has(right(first(results)), {
        state: "planned",
        added: ["NEW"],
        changed: ["S0"],
        removed: ["OLD"]
      })
      assert.lengthOf(asked, 0)
      has(yield* server.ask({ command: "secrets_state", app }), { revision: 1 })
    })
  )

  it.scoped("is refused, before a value leaves, by a server that knows the app by another key", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ S0: "one" })
      const { layer, sent } = transportTo({ la: server.line })
      const other = parcel({ S0: "c4nary" }, { keyId: otherKeyId })
      const { results } = yield* Effect.provide(delivered(to(other, "la")), layer)
      has(left(first(results)), { _tag: "KeyDiffers", app, remembered: "0123456789abcdef" })
      assert.notInclude(JSON.stringify(sent), "c4nary")
      // A server that is asked anyway refuses as well.
      const refused = yield* Effect.flip(
        server.ask({ command: "update_secrets", app, secrets: other.secrets, key_id: otherKeyId })
      )
      assert.include(refused, "a different key")
    })
  )

  it.scoped("makes the server remember the new key after a rotation, even if no value has changed", () =>
    Effect.gen(function* () {
      const server = yield* serverWith({ S0: "one" })
      const { layer } = transportTo({ la: server.line })
      const rotated = parcel({ S0: "one" }, { keyId: otherKeyId, previousKeyIds: [parcel({}).keyId] })
      const { results } = yield* Effect.provide(delivered(to(rotated, "la")), layer)
      has(right(first(results)), { state: "unchanged", revision: 1 })
      has(yield* server.ask({ command: "secrets_state", app }), { key_id: otherKeyId })
    })
  )

  it.scoped("reaches an app that the server does not know yet, for its first deploy", () =>
    Effect.gen(function* () {
      const server = yield* world
      yield* server.start
      const { layer } = transportTo({ la: server.line })
      const { results } = yield* Effect.provide(delivered(to(parcel({ S0: "one" }), "la")), layer)
      has(right(first(results)), { state: "unproven", revision: 1, instances: 0 })
    })
  )
})
