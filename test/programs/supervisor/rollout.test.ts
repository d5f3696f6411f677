import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { StartedProcess } from "../../../src/services/process-spawner/layer-memory.ts"
import { app, deployment, good, hasEnded, secrets, valueOf, world } from "./world.ts"

const exits = (process: StartedProcess) => process.end({ _tag: "Exited", code: 1 })

/** An app of two instances on revision 1. */
const shop = Effect.gen(function* () {
  const on = yield* world
  yield* on.start
  yield* on.ask({ command: "update_secrets", app, secrets: secrets("value-one") })
  yield* on.ask({ ...deployment, instances: 2 })
  return on
})

describe("update_secrets", () => {
  it.scoped("puts new instances in the place of the old ones, and only then are those told to end", () =>
    Effect.gen(function* () {
      const { ask, started, fronts } = yield* shop
      const old = yield* started
      assert.deepStrictEqual(
        old.map((each) => valueOf(each)),
        ["value-one", "value-one"]
      )
      const reply = yield* ask({ command: "update_secrets", app, secrets: secrets("value-two"), by: "ann" })
      assert.deepStrictEqual(reply, {
        status: "updated",
        app,
        restarted: true,
        revision: 2 as never,
        added: [],
        changed: ["S0" as never],
        removed: [],
        instances: 2
      })
      const all = yield* started
      assert.deepStrictEqual(
        all.slice(2).map((each) => valueOf(each)),
        ["value-two", "value-two"]
      )
      for (const each of old) assert.isTrue(yield* hasEnded(each))
      for (const each of all.slice(2)) assert.isFalse(yield* hasEnded(each))
      const [front] = yield* fronts
      const calls = (yield* front?.calls ?? Effect.succeed([])).map(
        ({ _tag, backend }) => `${_tag} ${backend.port}`
      )
      assert.deepStrictEqual(calls.slice(0, 2), ["Added 3001", "Added 3002"])
      assert.includeMembers(calls.slice(2, 4), ["Added 3003", "Added 3004"])
      assert.includeMembers(calls.slice(4), ["Drained 3001", "Drained 3002", "Removed 3001", "Removed 3002"])
      const status = yield* ask({ command: "status", app })
      assert.deepStrictEqual([status.phase, status.healthy, status.revision], ["running", 2, 2])
      const { events } = yield* ask({ command: "events", app })
      assert.deepStrictEqual(
        events.map(({ action, outcome, revision, by }) => [action, outcome, revision, by]),
        [
          ["update_secrets", "started", 1, undefined],
          ["update_secrets", "unproven", 1, undefined],
          ["deploy", "started", undefined, undefined],
          ["deploy", "done", undefined, undefined],
          ["update_secrets", "started", 2, "ann"],
          ["update_secrets", "done", 2, "ann"]
        ]
      )
    })
  )

  it.scoped("waits for the requests that an old instance has", () =>
    Effect.gen(function* () {
      const { ask, started, fronts, settle } = yield* shop
      const [front] = yield* fronts
      const request = Option.getOrThrow(yield* front?.request ?? Effect.succeedNone)
      const updating = yield* Effect.fork(
        ask({ command: "update_secrets", app, secrets: secrets("value-two") })
      )
      yield* settle("10 seconds")
      const busy = (yield* started).find((_, index) => request.backend.port === 3001 + index)
      assert.isFalse(yield* hasEnded(busy as StartedProcess))
      yield* request.answer
      yield* Fiber.join(updating)
      assert.strictEqual(yield* request.end, "answered")
      assert.isTrue(yield* hasEnded(busy as StartedProcess))
    })
  )

  const bad: ReadonlyArray<readonly [string, (process: StartedProcess) => Effect.Effect<unknown>, RegExp]> = [
    ["exits before it is ready", exits, /ended before it was ready: exit code 1/],
    ["never tells a port", () => Effect.void, /did not report a port on fd 4 within 60 seconds/],
    [
      "closes fd 4 without a word",
      (process) => process.report({ _tag: "Silent" }),
      /did not report a port on fd 4 \(an app that does not use/
    ],
    ["tells nonsense", (process) => process.report({ _tag: "Garbage" }), /did not report a port/],
    [
      "ends while it is on probation",
      (process) =>
        Effect.zipRight(good(process), Effect.forkDaemon(Effect.delay(exits(process), "2 seconds"))),
      /ended soon after it was ready: exit code 1/
    ]
  ]
  for (const [what, behave, why] of bad) {
    it.scoped(`leaves everything as it was when a new instance ${what}`, () =>
      Effect.gen(function* () {
        const { ask, started, fronts, acts } = yield* shop
        const old = yield* started
        acts.behave = (process) =>
          Effect.zipRight(
            process.say("stderr", `cannot connect with ${valueOf(process)}\n`),
            valueOf(process) === "value-bad" && process.pid === 4 ? behave(process) : good(process)
          )
        const message = yield* Effect.flip(
          ask({ command: "update_secrets", app, secrets: secrets("value-bad") })
        )
        assert.match(message, why)
        assert.match(message, /^shop\/production was not changed; revision 1 keeps running\.\n/)
        assert.include(message, "  cannot connect with [REDACTED]")
        assert.notInclude(message, "value-bad")
        for (const each of old) assert.isFalse(yield* hasEnded(each))
        for (const each of (yield* started).slice(2, 4)) {
          const signals = yield* each.signals
          if (each.pid !== 4) assert.include(signals, "SIGTERM")
        }
        const [front] = yield* fronts
        assert.deepStrictEqual(
          (yield* front?.calls ?? Effect.succeed([])).map(({ _tag }) => _tag),
          ["Added", "Added"]
        )
        const state = yield* ask({ command: "secrets_state", app })
        assert.strictEqual(state.revision, 1)
        const status = yield* ask({ command: "status", app })
        assert.deepStrictEqual([status.phase, status.healthy], ["running", 2])
        const { events } = yield* ask({ command: "events", app, limit: 1 })
        assert.strictEqual(events[0]?.outcome, "failed")
        assert.notInclude(JSON.stringify(events), "cannot connect")
      })
    )
  }

  it.scoped("leaves everything as it was when a new instance becomes unhealthy after two seconds", () =>
    Effect.gen(function* () {
      const { ask, acts, health, started } = yield* shop
      acts.behave = (process) =>
        Effect.zipRight(
          good(process),
          Effect.forkDaemon(Effect.delay(health.answer(3000 + process.pid, "failing"), "2 seconds"))
        )
      const message = yield* Effect.flip(
        ask({ command: "update_secrets", app, secrets: secrets("value-two") })
      )
      assert.match(message, /became unhealthy/)
      assert.strictEqual((yield* ask({ command: "status", app })).healthy, 2)
      assert.lengthOf(yield* started, 4)
    })
  )

  it.scoped("makes no revision of the same set, and tells what would change", () =>
    Effect.gen(function* () {
      const { ask, started } = yield* shop
      const same = yield* ask({ command: "update_secrets", app, secrets: secrets("value-one") })
      assert.deepStrictEqual([same.status, same.revision, same.restarted], ["unchanged", 1, false])
      const dry = yield* ask({
        command: "update_secrets",
        app,
        secrets: secrets("value-two", "more"),
        dry_run: true
      })
      assert.deepStrictEqual(
        [dry.status, dry.revision, dry.added, dry.changed],
        ["would_update", 2, ["S1"], ["S0"]]
      )
      assert.lengthOf(yield* started, 2)
      assert.strictEqual((yield* ask({ command: "secrets_state", app })).revision, 1)
    })
  )

  it.scoped("is refused when somebody else came first, or under another key", () =>
    Effect.gen(function* () {
      const { ask } = yield* shop
      const update = { command: "update_secrets", app, secrets: secrets("value-two") } as const
      assert.match(yield* Effect.flip(ask({ ...update, expected_revision: 0 })), /is at revision 1, not at 0/)
      yield* ask({ ...update, expected_revision: 1 as never, key_id: "aaaaaaaaaaaaaaaa" as never })
      const other = { ...update, key_id: "bbbbbbbbbbbbbbbb" as never }
      assert.match(yield* Effect.flip(ask(other)), /a different key than before \(aaaaaaaaaaaaaaaa\)/)
      const rotated = yield* ask({ ...other, previous_key_id: "aaaaaaaaaaaaaaaa" as never })
      assert.strictEqual(rotated.status, "unchanged")
      assert.strictEqual((yield* ask({ command: "secrets_state", app })).key_id, "bbbbbbbbbbbbbbbb")
    })
  )

  it.scoped("mends an app of which nothing is healthy, without a proof", () =>
    Effect.gen(function* () {
      const { ask, started, acts, settle } = yield* shop
      acts.behave = (process) => (valueOf(process) === "value-one" ? exits(process) : good(process))
      for (const each of yield* started) yield* exits(each)
      yield* settle("20 seconds")
      assert.strictEqual((yield* ask({ command: "status", app })).phase, "degraded")
      const reply = yield* ask({ command: "update_secrets", app, secrets: secrets("value-two") })
      assert.deepStrictEqual([reply.status, reply.restarted, reply.instances], ["unproven", true, 2])
      yield* settle("1 second")
      const status = yield* ask({ command: "status", app })
      assert.deepStrictEqual([status.phase, status.healthy, status.revision], ["running", 2, 2])
    })
  )

  it.scoped("goes one after the other, also when the first one's client is gone", () =>
    Effect.gen(function* () {
      const { ask, started, passing } = yield* shop
      const updates = ["value-two", "value-three", "value-four"].map((value) =>
        ask({ command: "update_secrets", app, secrets: secrets(value) })
      )
      const replies = yield* passing(Effect.all(updates, { concurrency: "unbounded" }))
      assert.deepStrictEqual(
        replies.map(({ revision }) => revision),
        [2, 3, 4]
      )
      assert.deepStrictEqual(
        (yield* started).slice(2).map((each) => valueOf(each)),
        ["value-two", "value-two", "value-three", "value-three", "value-four", "value-four"]
      )
    })
  )
})
