import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { addressesOf } from "../../../src/domain/dev-address.ts"
import * as Testing from "../../../src/main/library/testing.ts"
import { Balancer } from "../../../src/services/balancer/balancer.ts"
import { put } from "../../support/project-of.ts"
import { exited, isTimed, pass, project, startDev } from "./stage.ts"

const ports = addressesOf("/project").map(({ port }) => port) as [number, number, ...ReadonlyArray<number>]
const urlAt = (port: number) => `http://127.0.0.1:${port}`
const listening = (port: number) => ({ _tag: "Listening", port }) as const
const change = (value: string) => put("development", "A", value)

const fronts = Effect.flatten(Testing.OpenedFronts)
const front = Effect.map(fronts, (all) => {
  const [only, ...others] = all
  if (only === undefined || others.length > 0) throw new Error(`there are ${all.length} fronts`)
  return only
})

/** Occupies a port until the end of the test. */
const take = (port: number) =>
  Effect.flatMap(Balancer, (balancer) => balancer.open({ host: "127.0.0.1", port }))

describe("dev's address", () => {
  it.effect("is open once the program has reported its port, and stays across restarts", () =>
    Effect.gen(function* () {
      yield* change("one")
      const dev = yield* startDev()
      const first = yield* dev.start(1)
      assert.lengthOf(yield* fronts, 0)
      yield* first.report(listening(4001))
      assert.deepStrictEqual(yield* dev.nextNotice, { _tag: "Address", url: urlAt(ports[0]) })
      yield* dev.change(change("two"))
      const second = yield* dev.start(2)
      assert.strictEqual((yield* dev.nextNotice)._tag, "Restarting")
      // Requests now wait for the new program.
      const { calls, isOpen, options, request } = yield* front
      assert.deepStrictEqual(options, { hold: "30 seconds" })
      const waiting = yield* Effect.fork(request)
      yield* isTimed
      yield* second.report(listening(4002))
      assert.strictEqual(Option.getOrThrow(yield* Fiber.join(waiting)).backend.port, 4002)
      assert.deepStrictEqual(
        (yield* calls).map(({ _tag, backend }) => [_tag, backend.port]),
        [
          ["Added", 4001],
          ["Drained", 4001],
          ["Removed", 4001],
          ["Added", 4002]
        ]
      )
      assert.deepStrictEqual(yield* dev.unreadNotices, [])
      yield* second.end(exited(0))
      assert.deepStrictEqual(yield* dev.end, exited(0))
      assert.isFalse(yield* isOpen)
    }).pipe(Effect.provide(project()))
  )

  it.effect("reaches the program again after it closed its port for a while", () =>
    Effect.gen(function* () {
      yield* change("one")
      const health = yield* Testing.HealthControl
      const dev = yield* startDev()
      const program = yield* dev.start(1)
      yield* program.report(listening(4001))
      yield* dev.nextNotice
      const { backends, refuse, request } = yield* front
      const [backend] = yield* backends
      assert(backend)
      yield* health.answer(4001, "refused")
      yield* refuse(backend)
      const waiting = yield* Effect.fork(request)
      yield* pass("10 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      yield* health.answer(4001, "other")
      yield* pass("200 millis")
      assert.strictEqual(Option.getOrThrow(yield* Fiber.join(waiting)).backend.port, 4001)
    }).pipe(Effect.provide(project()))
  )

  it.effect("waits at most a second for the old program's requests", () =>
    Effect.gen(function* () {
      yield* change("one")
      const dev = yield* startDev()
      const first = yield* dev.start(1)
      yield* first.report(listening(4001))
      yield* dev.nextNotice
      const ongoing = Option.getOrThrow(yield* (yield* front).request)
      yield* dev.change(change("two"))
      assert.strictEqual((yield* dev.nextNotice)._tag, "Restarting")
      yield* pass("999 millis")
      assert.deepStrictEqual(yield* first.signals, [])
      yield* pass("1 millis")
      yield* dev.start(2)
      assert.deepStrictEqual(yield* first.signals, ["SIGTERM"])
      assert.strictEqual(yield* ongoing.end, "reset")
    }).pipe(Effect.provide(project()))
  )

  it.effect("uses the next free port if the project's own is taken, and says so", () =>
    Effect.gen(function* () {
      yield* change("one")
      yield* take(ports[0])
      yield* take(ports[1])
      const dev = yield* startDev()
      yield* (yield* dev.start(1)).report(listening(4001))
      assert.deepStrictEqual(yield* dev.nextNotice, {
        _tag: "Address",
        url: urlAt(ports[2] as number),
        taken: ports[0]
      })
    }).pipe(Effect.scoped, Effect.provide(project()))
  )

  it.effect("is that of tako.toml if it is set; changing it restarts the program", () => {
    const listen = (at: string) => `[envs.development]\nlisten = "${at}"\n`
    const files = new Map([["tako.toml", listen("127.0.0.1:8080")]])
    return Effect.gen(function* () {
      yield* change("one")
      yield* take(8080)
      const dev = yield* startDev()
      yield* (yield* dev.start(1)).report(listening(4001))
      const notice = yield* dev.nextNotice
      assert.strictEqual(notice._tag, "NoAddress")
      assert.deepInclude(notice, { url: urlAt(4001) })
      yield* dev.change(Effect.sync(() => files.set("tako.toml", listen("[::1]:8081"))))
      const restarting = yield* dev.nextNotice
      assert.deepInclude(restarting._tag === "Restarting" ? restarting.changes : {}, {
        address: true,
        command: false,
        changedSecrets: []
      })
      yield* (yield* dev.start(2)).report(listening(4002))
      assert.deepStrictEqual(yield* dev.nextNotice, { _tag: "Address", url: "http://[::1]:8081" })
      yield* dev.change(Effect.sync(() => files.set("tako.toml", listen("0.0.0.0:8082"))))
      yield* dev.nextNotice
      yield* (yield* dev.start(3)).report(listening(4003))
      assert.deepStrictEqual(yield* dev.nextNotice, { _tag: "Address", url: urlAt(8082) })
      const open = yield* Effect.forEach(yield* fronts, ({ address, isOpen }) =>
        Effect.map(isOpen, (is) => [address.port, is])
      )
      assert.deepStrictEqual(open, [
        [8080, true],
        [8081, false],
        [8082, true]
      ])
    }).pipe(Effect.scoped, Effect.provide(project({ files })))
  })

  it.effect(
    "is not opened for a program that writes something else to fd 4, which is reported, or nothing",
    () =>
      Effect.gen(function* () {
        yield* change("one")
        const dev = yield* startDev()
        yield* (yield* dev.start(1)).report({ _tag: "Garbage" })
        assert.deepStrictEqual(yield* dev.nextNotice, { _tag: "InvalidPortReport" })
        yield* dev.change(change("two"))
        assert.strictEqual((yield* dev.nextNotice)._tag, "Restarting")
        yield* (yield* dev.start(2)).report({ _tag: "Silent" })
        yield* dev.change(change("three"))
        yield* dev.start(3)
        assert.deepStrictEqual(
          (yield* dev.unreadNotices).map(({ _tag }) => _tag),
          ["Restarting"]
        )
        assert.lengthOf(yield* fronts, 0)
      }).pipe(Effect.provide(project()))
  )
})
