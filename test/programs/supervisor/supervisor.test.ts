import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { AppName } from "../../../src/domain/app/app-name.ts"
import type { BackendState } from "../../../src/services/balancer/balancer.ts"
import type { StartedProcess } from "../../../src/services/process-spawner/layer-memory.ts"
import { app, deployment, good, hasEnded, secrets, valueOf, world } from "./world.ts"

const exits = (process: StartedProcess) => process.end({ _tag: "Exited", code: 1 })

const shop = Effect.gen(function* () {
  const on = yield* world
  yield* on.start
  yield* on.ask({ command: "update_secrets", app, secrets: secrets("value-one") })
  yield* on.ask({ ...deployment, instances: 2 })
  return on
})

describe("an app that is deployed for the first time", () => {
  it.scoped("is told of while its release command runs, and forgotten when that fails", () =>
    Effect.gen(function* () {
      const on = yield* world
      on.acts.behave = () => Effect.void
      yield* on.start
      const deploying = yield* Effect.fork(Effect.flip(on.ask({ ...deployment, release: "migrate" })))
      yield* on.settle("1 second")
      assert.strictEqual((yield* on.ask({ command: "status", app })).phase, "rolling")
      assert.deepStrictEqual(
        (yield* on.ask({ command: "list" })).apps.map(({ phase }) => phase),
        ["rolling"]
      )
      assert.strictEqual((yield* on.ask({ command: "secrets_state", app })).revision, null)
      assert.deepStrictEqual((yield* on.ask({ command: "logs", app })).lines, [])
      const [process] = yield* on.started
      yield* exits(process as StartedProcess)
      assert.include(yield* Fiber.join(deploying), "release command ended with")
      assert.deepStrictEqual((yield* on.ask({ command: "list" })).apps, [])
    })
  )
})

describe("an instance", () => {
  it.scoped("gets the allowed variables of the server, those of its release, and those of the contract", () =>
    Effect.gen(function* () {
      const on = yield* world
      yield* on.start
      const vars = new Map([
        ["LOG", "debug"],
        ["PORT", "80"],
        ["HOME", "/elsewhere"]
      ])
      yield* on.ask({ ...deployment, vars, build: "abc" })
      const [process] = yield* on.started
      const { TAKO_PIPE, ...environment } = process?.spec.environment ?? {}
      assert.deepStrictEqual(environment, {
        PATH: "/bin",
        LANG: "C.UTF-8",
        LOG: "debug",
        HOME: "/elsewhere",
        NODE_ENV: "production",
        ENV: "production",
        PORT: "0",
        HOST: "127.0.0.1",
        TAKO_APP_NAME: "shop",
        TAKO_DATA_DIR: "/files/shop/production",
        TAKO_BUILD: "abc"
      })
      assert.match(process?.spec.command.join(" ") ?? "", /^node server\.js --instance [a-z0-9]{8}$/)
      assert.deepStrictEqual([process?.spec.directory, process?.spec.secretsOf], ["/srv/shop", "production"])
    })
  )

  it.scoped("with an assigned port gets it as PORT, and none of fd 4", () =>
    Effect.gen(function* () {
      const on = yield* world
      on.acts.behave = () => Effect.void
      yield* on.start
      yield* on.ask({ ...deployment, port: "assign" })
      const [process] = yield* on.started
      assert.isFalse(process?.spec.readiness)
      const { instance_list } = yield* on.ask({ command: "status", app })
      assert.strictEqual(process?.spec.environment.PORT, `${instance_list[0]?.port}`)
    })
  )

  it.scoped("that is a worker serves when it has lived through the window", () =>
    Effect.gen(function* () {
      const on = yield* world
      on.acts.behave = () => Effect.void
      yield* on.start
      const { listen: _, ...worker } = deployment
      yield* on.ask({ ...worker, port: "none" })
      assert.strictEqual((yield* on.ask({ command: "status", app })).phase, "running")
      on.acts.behave = exits
      assert.match(
        yield* Effect.flip(on.ask({ ...worker, port: "none" })),
        /release 1 keeps running\.\nInstance \w{8} ended (?:before|soon after) it was ready/
      )
    })
  )

  it.scoped("that ends is replaced, after pauses that grow", () =>
    Effect.gen(function* () {
      const on = yield* shop
      on.acts.behave = exits
      const [first] = yield* on.started
      yield* exits(first as StartedProcess)
      yield* on.settle("10 seconds")
      const tries = (yield* on.started).length - 2
      assert.isTrue(tries >= 3 && tries <= 5, `${tries} tries`)
      const status = yield* on.ask({ command: "status", app })
      assert.deepStrictEqual([status.phase, status.healthy], ["degraded", 1])
      on.acts.behave = good
      yield* on.settle("10 seconds")
      const mended = yield* on.ask({ command: "status", app })
      assert.deepStrictEqual([mended.phase, mended.healthy], ["running", 2])
      assert.include(
        mended.instance_list.map(({ restarts }) => restarts > 2),
        true
      )
    })
  )

  it.scoped("that refused a connection of the front's, and is well again, gets requests again", () =>
    Effect.gen(function* () {
      const on = yield* shop
      const [front] = yield* on.fronts
      assert(front)
      for (const backend of yield* front.backends) yield* front.refuse(backend)
      assert.isTrue(Option.isSome(yield* on.passing(front.request)))
      yield* on.settle("2 seconds")
      const all = yield* front.backends
      assert.deepStrictEqual(
        all.map(({ state }) => state),
        ["serving", "serving"]
      )
      assert.strictEqual((yield* on.started).length, 2)
    })
  )

  it.scoped("that refused a connection gets no requests while its port is another user's", () =>
    Effect.gen(function* () {
      const on = yield* shop
      const [front] = yield* on.fronts
      assert(front)
      const [first] = yield* front.backends
      assert(first)
      yield* on.health.listen(first.port, [4242])
      yield* front.refuse(first)
      for (let i = 0; i < 2; i++) yield* on.passing(front.request)
      yield* on.settle("2 seconds")
      const all = yield* front.backends
      assert.notInclude(
        all.filter(({ state }) => state === "serving").map(({ port }) => port),
        first.port
      )
    })
  )

  it.scoped("that does not answer any more is replaced", () =>
    Effect.gen(function* () {
      const on = yield* shop
      yield* on.health.answer(3001, "silent")
      yield* on.settle("10 seconds")
      const [first, , third] = yield* on.started
      assert.isTrue(yield* hasEnded(first as StartedProcess))
      assert.strictEqual(valueOf(third as StartedProcess), "value-one")
      assert.strictEqual((yield* on.ask({ command: "status", app })).phase, "running")
    })
  )

  it.scoped(
    "that is healthy again before its successor is due serves at once, however long the pause is",
    () =>
      Effect.gen(function* () {
        const on = yield* shop
        const [front] = yield* on.fronts
        assert(front)
        const becomes = (wanted: BackendState) =>
          Effect.gen(function* () {
            for (let waited = 0; waited < 10_000; waited += 50) {
              const found = (yield* front.backends).find(({ port }) => port === 3001)?.state
              if (found === wanted) return waited
              yield* on.settle(50)
            }
            return assert.fail(`was not ${wanted} within 10 s`)
          })
        // The pause doubles with each failure, from 500 ms.
        for (const pause of [500, 1000, 2000, 4000, 8000]) {
          yield* on.health.answer(3001, "silent")
          yield* becomes("draining")
          assert.strictEqual((yield* on.ask({ command: "status", app })).healthy, 1)
          yield* on.settle(pause - 200)
          yield* on.health.answer(3001, "healthy")
          assert.isAtMost(yield* becomes("serving"), 100)
          assert.strictEqual((yield* on.ask({ command: "status", app })).healthy, 2)
        }
        assert.lengthOf(yield* on.started, 2)
        // Later than that, there is a successor.
        yield* on.health.answer(3001, "silent")
        yield* becomes("draining")
        yield* on.settle(16_500)
        assert.lengthOf(yield* on.started, 3)
      })
  )
})

describe("an app", () => {
  it.scoped("is scaled up and down, stopped, and started again", () =>
    Effect.gen(function* () {
      const on = yield* shop
      assert.strictEqual((yield* on.ask({ command: "scale", app, instances: 3 })).instances, 3)
      assert.lengthOf(yield* on.started, 3)
      yield* on.ask({ command: "scale", app, instances: 1 })
      assert.strictEqual((yield* on.ask({ command: "status", app })).healthy, 1)
      yield* on.ask({ command: "stop", app })
      const stopped = yield* on.ask({ command: "status", app })
      assert.deepStrictEqual([stopped.phase, stopped.instance_list], ["stopped", []])
      const [front] = yield* on.fronts
      // Nobody else gets the requests of its clients.
      assert.isTrue(yield* front?.isOpen ?? Effect.succeed(false))
      assert.isTrue(Option.isNone(yield* front?.request ?? Effect.die("no front")))
      const update = yield* on.ask({ command: "update_secrets", app, secrets: secrets("value-two") })
      assert.deepStrictEqual([update.status, update.restarted], ["unproven", false])
      yield* on.ask({ command: "scale", app, instances: 2 })
      assert.deepStrictEqual(
        (yield* on.started).slice(3).map((each) => valueOf(each)),
        ["value-two", "value-two"]
      )
      assert.strictEqual((yield* on.ask({ command: "status", app })).phase, "running")
    })
  )

  it.scoped("stays at its number when the ones that were to be more fail", () =>
    Effect.gen(function* () {
      const on = yield* shop
      on.acts.behave = exits
      const message = yield* Effect.flip(on.ask({ command: "scale", app, instances: 3 }))
      assert.match(message, /was not changed; 2 instances keep running/)
      const status = yield* on.ask({ command: "status", app })
      assert.deepStrictEqual([status.healthy, status.instances], [2, 2])
    })
  )

  it.scoped(
    "gets other instances of what runs when it is restarted, and keeps the old ones when those fail",
    () =>
      Effect.gen(function* () {
        const on = yield* shop
        const before = yield* on.ask({ command: "status", app })
        const reply = yield* on.ask({ command: "restart", app })
        assert.deepStrictEqual([reply.release, reply.revision, reply.instances], [1, 1, 2])
        const after = yield* on.ask({ command: "status", app })
        const ids = ({ instance_list }: typeof after) => instance_list.map(({ id }) => id)
        assert.lengthOf(ids(after), 2)
        for (const id of ids(before)) assert.notInclude(ids(after), id)
        on.acts.behave = exits
        const message = yield* Effect.flip(on.ask({ command: "restart", app }))
        assert.match(message, /was not changed; release 1 keeps running/)
        assert.deepStrictEqual(ids(yield* on.ask({ command: "status", app })), ids(after))
      })
  )

  it.scoped("is deployed anew, and rolled back to the release before with its secrets", () =>
    Effect.gen(function* () {
      const on = yield* shop
      yield* on.ask({ command: "update_secrets", app, secrets: secrets("value-two") })
      const second = yield* on.ask({ ...deployment, directory: "/srv/shop-2" })
      assert.deepStrictEqual([second.release, second.revision, second.instances], [2, 2, 2])
      const back = yield* on.ask({ command: "rollback", app })
      assert.deepStrictEqual([back.release, back.revision], [1, 1])
      const last = (yield* on.started).at(-1) as StartedProcess
      assert.deepStrictEqual([valueOf(last), last.spec.directory], ["value-one", "/srv/shop"])
      assert.match(yield* Effect.flip(on.ask({ command: "rollback", app })), /no release before the current/)
      assert.match(yield* Effect.flip(on.ask({ command: "rollback", app, release: 7 })), /Releases: 1, 2/)
    })
  )

  it.scoped("runs its release command once, before the first instance, or is not deployed", () =>
    Effect.gen(function* () {
      const on = yield* shop
      on.acts.behave = (process) =>
        process.spec.command.includes("migrate.js")
          ? Effect.zipRight(process.say("stderr", "no table\n"), exits(process))
          : good(process)
      const release = ["node", "migrate.js"] as const
      const phase = Effect.map(on.ask({ command: "status", app }), ({ phase }) => phase)
      const message = yield* Effect.flip(on.ask({ ...deployment, release }))
      assert.match(message, /The release command ended with exit code 1\.\nIts last lines:\n {2}no table/)
      assert.lengthOf(yield* on.started, 3)
      assert.strictEqual(yield* phase, "running")
      on.acts.behave = (process) =>
        process.spec.command.includes("migrate.js") ? Effect.void : good(process)
      const deploying = yield* Effect.fork(on.ask({ ...deployment, release }))
      yield* on.settle("10 seconds")
      assert.strictEqual(yield* phase, "rolling")
      yield* (yield* on.started)[3]?.end({ _tag: "Exited", code: 0 }) ?? Effect.void
      yield* Fiber.join(deploying)
      assert.strictEqual(yield* phase, "running")
      assert.deepStrictEqual(
        (yield* on.started).slice(3).map(({ spec }) => [spec.command[1], spec.secretsOf]),
        ["migrate.js", "server.js", "server.js"].map((file) => [file, "production"])
      )
    })
  )

  it.scoped("is deleted with its secrets and output, and known by its trail alone", () =>
    Effect.gen(function* () {
      const on = yield* shop
      yield* on.ask({ command: "delete", app, by: "ann" })
      for (const each of yield* on.started) assert.isTrue(yield* hasEnded(each))
      assert.match(yield* Effect.flip(on.ask({ command: "status", app })), /There is no app/)
      assert.deepStrictEqual((yield* on.ask({ command: "list" })).apps, [])
      const { events } = yield* on.ask({ command: "events", app, limit: 1 })
      assert.deepStrictEqual([events[0]?.action, events[0]?.outcome], ["delete", "done"])
      const again = yield* on.ask({ command: "update_secrets", app, secrets: secrets("x") })
      assert.strictEqual(again.revision, 1)
    })
  )

  it.scoped("cannot have a port that is the same for all instances", () =>
    Effect.gen(function* () {
      const on = yield* world
      yield* on.start
      assert.match(yield* Effect.flip(on.ask({ ...deployment, port: 8080 })), /port = "assign"/)
    })
  )

  it.scoped("is told of, with what its instances say", () =>
    Effect.gen(function* () {
      const on = yield* shop
      const [first] = yield* on.started
      yield* first?.say("stdout", "hello value-one\n") ?? Effect.void
      const { lines } = yield* on.ask({ command: "logs", app })
      assert.deepStrictEqual(
        lines.map(({ text }) => text),
        ["hello [REDACTED]"]
      )
      const info = yield* on.ask({ command: "server_info" })
      assert.deepStrictEqual([info.apps, info.secrets], [1, "memory"])
      const { hash } = yield* on.ask({ command: "get_secrets_hash", app })
      assert.match(hash ?? "", /^[0-9a-f]{64}$/)
      assert.strictEqual((yield* on.ask({ command: "hello", protocol_version: 0 })).protocol_version, 0)
    })
  )
})

describe("an address", () => {
  it.scoped("that another app of the server has is told to be that app's", () =>
    Effect.gen(function* () {
      const on = yield* shop
      const other = AppName("blog/production")
      const message = yield* Effect.flip(on.ask({ ...deployment, app: other }))
      assert.include(message, "blog/production was not changed; nothing runs yet.")
      assert.include(message, "Port 8080 is taken: shop/production listens on 127.0.0.1:8080 on this server.")
    })
  )

  it.scoped("that somebody else has leaves a sync to an app that serves nowhere without effect", () =>
    Effect.gen(function* () {
      const on = yield* shop
      const other = AppName("blog/production")
      yield* on.ask({ ...deployment, app: other, listen: "127.0.0.1:8081" })
      yield* on.stop
      // As if it had been taken while the server was away.
      const moved = Option.getOrThrow(yield* on.state.read(other))
      const releases = moved.releases.map((release) => ({ ...release, listen: "127.0.0.1:8080" }))
      yield* on.state.write({ ...moved, releases })
      yield* on.start
      const update = on.ask({ command: "update_secrets", app, secrets: secrets("value-two") })
      for (let i = 0; i < 2; i++) {
        assert.include(yield* Effect.flip(update), "Port 8080 is taken")
        const { phase, revision } = yield* on.ask({ command: "status", app })
        assert.deepStrictEqual([phase, revision], ["starting", 1])
      }
      yield* on.ask({ command: "stop", app: other })
      assert.include(yield* Effect.flip(update), "Port 8080 is taken")
      yield* on.ask({ command: "delete", app: other })
      const { status, revision } = yield* update
      assert.deepStrictEqual([status, revision], ["unproven", 2])
      yield* on.settle("1 second")
      assert.strictEqual((yield* on.ask({ command: "status", app })).phase, "running")
      assert.strictEqual(valueOf((yield* on.started).at(-1) as StartedProcess), "value-two")
    })
  )
})

describe("a server", () => {
  it.scoped("that ends in peace lets its instances end, and the next one starts them again", () =>
    Effect.gen(function* () {
      const on = yield* shop
      yield* on.stop
      const before = yield* on.started
      for (const each of before) assert.deepStrictEqual(yield* each.signals, ["SIGTERM"])
      yield* on.start
      yield* on.settle("1 second")
      const after = (yield* on.started).slice(before.length)
      assert.deepStrictEqual(
        after.map((each) => valueOf(each)),
        ["value-one", "value-one"]
      )
      const status = yield* on.ask({ command: "status", app })
      assert.deepStrictEqual([status.phase, status.healthy, status.revision], ["running", 2, 1])
    })
  )

  it.scoped("that is stopped in the middle of a rollout leaves the old revision to the next one", () =>
    Effect.gen(function* () {
      const on = yield* shop
      on.acts.behave = () => Effect.void
      yield* Effect.fork(on.ask({ command: "update_secrets", app, secrets: secrets("value-two") }))
      yield* on.settle("5 seconds")
      assert.strictEqual((yield* on.ask({ command: "status", app })).phase, "rolling")
      yield* on.stop
      for (const each of yield* on.started) assert.isTrue(yield* hasEnded(each))
      on.acts.behave = good
      yield* on.start
      yield* on.settle("1 second")
      const last = (yield* on.started).at(-1) as StartedProcess
      assert.strictEqual(valueOf(last), "value-one")
      assert.strictEqual((yield* on.ask({ command: "status", app })).revision, 1)
    })
  )

  it.scoped("notes that the one before was cut off in the middle of a change", () =>
    Effect.gen(function* () {
      const on = yield* shop
      yield* on.stop
      yield* on.state.record(app, {
        at: "2026-01-01T00:00:00.000Z",
        action: "update_secrets",
        outcome: "started"
      })
      yield* on.start
      const { events } = yield* on.ask({ command: "events", app, limit: 1 })
      assert.deepStrictEqual([events[0]?.action, events[0]?.revision, events[0]?.release], ["recover", 1, 1])
    })
  )
})
