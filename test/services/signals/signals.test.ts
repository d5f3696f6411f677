import { spawn } from "node:child_process"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import type { SignalName } from "../../../src/domain/process.ts"
import { layer } from "../../../src/services/signals/layer.ts"
import { layerMemory, SignalsControl } from "../../../src/services/signals/layer-memory.ts"
import { Signals } from "../../../src/services/signals/signals.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"

const contract = <R>(
  title: string,
  layer: Layer.Layer<Signals | R>,
  /** To this process. */
  send: (name: SignalName) => Effect.Effect<void, never, R>
) =>
  describe(title, () => {
    it.scopedLive("passes each signal to its handler, in order", () =>
      Effect.gen(function* () {
        const signals = yield* Signals
        const arrived = yield* Queue.unbounded<SignalName>()
        yield* signals.handle(["SIGUSR2", "SIGHUP"], (name) => Queue.offer(arrived, name))
        for (const name of ["SIGUSR2", "SIGHUP", "SIGUSR2"] as const) {
          yield* send(name)
          assert.strictEqual(yield* Queue.take(arrived), name)
        }
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive(
      "passes it to the latest handler, and to the earlier one again when that scope is closed",
      () =>
        Effect.gen(function* () {
          const signals = yield* Signals
          const arrived = yield* Queue.unbounded<string>()
          const scope = yield* Scope.make()
          yield* signals.handle(["SIGUSR2", "SIGHUP"], (name) => Queue.offer(arrived, `first ${name}`))
          yield* Scope.extend(
            signals.handle(["SIGUSR2"], (name) => Queue.offer(arrived, `last ${name}`)),
            scope
          )
          yield* send("SIGUSR2")
          assert.strictEqual(yield* Queue.take(arrived), "last SIGUSR2")
          yield* send("SIGHUP")
          assert.strictEqual(yield* Queue.take(arrived), "first SIGHUP")
          yield* Scope.close(scope, Exit.void)
          yield* send("SIGUSR2")
          assert.strictEqual(yield* Queue.take(arrived), "first SIGUSR2")
        }).pipe(Effect.provide(layer))
    )

    it.scopedLive("lets a scope close whose handler is still running", () =>
      Effect.gen(function* () {
        const signals = yield* Signals
        const busy = yield* Deferred.make<void>()
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* signals.handle(["SIGUSR2"], () =>
              Effect.zipRight(Deferred.succeed(busy, undefined), Effect.never)
            )
            yield* Effect.forkDaemon(send("SIGUSR2"))
            yield* Deferred.await(busy)
          }).pipe(Effect.uninterruptible)
        )
      }).pipe(Effect.provide(layer))
    )
  })

contract("Signals of the operating system", layer, (name) =>
  Effect.sync(() => process.kill(process.pid, name as NodeJS.Signals))
)
contract("Signals in memory", layerMemory, (name) =>
  Effect.flatMap(SignalsControl, (control) => control.send(name))
)

describe("Signals in memory", () => {
  it.effect("reports which signal ended it, and that no handler was registered", () =>
    Effect.gen(function* () {
      const signals = yield* Signals
      const control = yield* SignalsControl
      assert.isFalse(yield* control.send("SIGTERM"))
      const dead = yield* Effect.fork(signals.terminateWith("SIGTERM"))
      yield* Effect.yieldNow()
      assert.deepStrictEqual(yield* control.terminatedBy, ["SIGTERM"])
      yield* Fiber.interrupt(dead)
    }).pipe(Effect.provide(layerMemory))
  )
})

describe("a process", () => {
  let fixture: Bundle
  beforeAll(async () => {
    fixture = await bundle(`${import.meta.dirname}/fixture.ts`)
  })
  afterAll(() => fixture.remove())

  /** Sends it the signal when it is ready. */
  const play = (task: string, name: NodeJS.Signals) =>
    new Promise<{ end: number | NodeJS.Signals | null; stdout: string; stderr: string }>((resolve) => {
      const child = spawn(process.execPath, [fixture.path, task, name], { stdio: ["ignore", "pipe", "pipe"] })
      let stdout = ""
      let stderr = ""
      child.stdout.on("data", (chunk: Buffer) => {
        stdout += chunk.toString()
        if (stdout === "ready\n") child.kill(name)
      })
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString()
      })
      child.on("close", (code, signal) => resolve({ end: signal ?? code, stdout, stderr }))
    })

  const deadly = [
    "SIGTERM",
    "SIGINT",
    "SIGHUP",
    "SIGUSR1",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGKILL"
  ] as const

  it.each(deadly)("is ended by %s, even with a handler registered", async (name) => {
    assert.deepStrictEqual(await play("die", name), { end: name, stdout: "", stderr: "" })
    if (name === "SIGKILL") return
    assert.deepStrictEqual(await play("die-although-taken", name), { end: name, stdout: "", stderr: "" })
  })

  it("handles SIGUSR1 without starting the inspector, and is otherwise ended by it", async () => {
    const taken = await play("take", "SIGUSR1")
    assert.deepStrictEqual(taken, { end: 0, stdout: "ready\nSIGUSR1", stderr: "" })
    assert.deepStrictEqual(await play("wait", "SIGUSR1"), { end: "SIGUSR1", stdout: "ready\n", stderr: "" })
  })
})
