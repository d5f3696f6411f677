import { spawn } from "node:child_process"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { contractOf } from "../../../src/services/signals/contract.ts"
import { layer } from "../../../src/services/signals/layer.ts"
import { layerMemory, SignalsControl } from "../../../src/services/signals/layer-memory.ts"
import { Signals } from "../../../src/services/signals/signals.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { testContract } from "../../support/contract.ts"

testContract(
  "Signals of the operating system",
  contractOf((name) => Effect.sync(() => process.kill(process.pid, name as NodeJS.Signals))),
  layer
)
testContract(
  "Signals in memory",
  contractOf((name) => Effect.flatMap(SignalsControl, (control) => control.send(name))),
  layerMemory
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

  /** Sends the process the signal once it is ready; returns how it ended. */
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
