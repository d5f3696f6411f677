import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { SignalName } from "../../../src/domain/process.ts"
import * as Testing from "../../../src/main/library/testing.ts"
import { put } from "../../support/project-of.ts"
import { exited, project, signalled, startDev } from "./stage.ts"

const send = (name: SignalName) => Effect.flatMap(Testing.SignalsControl, (signals) => signals.send(name))
const change = (value: string) => put("development", "A", value)
const started = Effect.gen(function* () {
  yield* change("one")
  const dev = yield* startDev()
  return { dev, first: yield* dev.start(1) }
})

describe("dev and signals", () => {
  it.effect.each(["SIGTERM", "SIGHUP"] as const)(
    "%s ends the program, and the session ends as it did",
    (name) =>
      Effect.gen(function* () {
        const { dev, first } = yield* started
        const modes = yield* Testing.TerminalModesControl
        yield* Ref.set(modes, "raw")
        yield* send(name)
        assert.deepStrictEqual(yield* dev.end, signalled("SIGTERM"))
        assert.deepStrictEqual(yield* first.signals, ["SIGTERM"])
        assert.strictEqual(yield* Ref.get(modes), "cooked")
        assert.isFalse(yield* send(name))
      }).pipe(Effect.provide(project()))
  )

  it.effect("SIGUSR1 and SIGUSR2 are forwarded to whichever program runs", () =>
    Effect.gen(function* () {
      const { dev, first } = yield* started
      yield* send("SIGUSR1")
      yield* dev.change(change("two"))
      const second = yield* dev.start(2)
      yield* send("SIGUSR2")
      assert.deepStrictEqual(yield* first.signals, ["SIGUSR1", "SIGTERM"])
      assert.deepStrictEqual(yield* second.signals, ["SIGUSR2"])
      yield* second.end(exited(0))
      assert.deepStrictEqual(yield* dev.end, exited(0))
    }).pipe(Effect.provide(project({ traps: ["SIGUSR1", "SIGUSR2"] })))
  )

  it.effect("SIGINT is forwarded if no terminal sends it to the program as well", () =>
    Effect.gen(function* () {
      const { dev, first } = yield* started
      yield* send("SIGINT")
      assert.deepStrictEqual(yield* dev.end, signalled("SIGINT"))
      assert.deepStrictEqual(yield* first.signals, ["SIGINT"])
    }).pipe(Effect.provide(project()))
  )

  it.effect("Ctrl-C is left to the program: one that continues is still restarted", () =>
    Effect.gen(function* () {
      const { dev, first } = yield* started
      yield* send("SIGINT")
      assert.deepStrictEqual(yield* first.signals, [])
      yield* dev.change(change("two"))
      const second = yield* dev.start(2)
      assert.deepStrictEqual(yield* first.signals, ["SIGTERM"])
      yield* send("SIGINT")
      yield* second.end(exited(130))
      // It failed soon after a change, so dev would wait for the next one, had it not been asked to end.
      assert.deepStrictEqual(yield* dev.end, exited(130))
    }).pipe(Effect.provide(project({ isTerminal: true })))
  )

  it.effect.each(["SIGINT", "SIGTERM"] as const)("%s ends the wait for a change", (name) =>
    Effect.gen(function* () {
      const { dev } = yield* started
      yield* dev.change(change("bad"))
      yield* (yield* dev.start(2)).end(exited(1))
      assert.strictEqual((yield* dev.nextNotice)._tag, "Restarting")
      assert.strictEqual((yield* dev.nextNotice)._tag, "Failed")
      yield* send(name)
      assert.deepStrictEqual(yield* dev.end, signalled(name))
    }).pipe(Effect.provide(project({ isTerminal: true })))
  )
})
