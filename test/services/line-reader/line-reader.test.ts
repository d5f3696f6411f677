import { PassThrough } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { lineReader } from "../../../src/services/line-reader/line-reader.ts"

const textOf = Effect.map((line: Buffer) => line.toString("utf8"))
const limits = { length: 10, within: "30 seconds" } as const

describe("a reader of lines", () => {
  it.effect("returns them one by one, however they arrive", () =>
    Effect.gen(function* () {
      const stream = new PassThrough()
      const { next } = lineReader(stream, limits)
      const first = yield* Effect.fork(textOf(next("1 minute")))
      for (const piece of ["on", "e\ntwo\n\nth"]) stream.write(piece)
      assert.strictEqual(yield* Fiber.join(first), "one")
      assert.strictEqual(yield* textOf(next("1 minute")), "two")
      assert.strictEqual(yield* textOf(next("1 minute")), "")
      stream.end("ree\n")
      assert.strictEqual(yield* textOf(next("1 minute")), "three")
      assert.strictEqual((yield* Effect.flip(next("1 minute"))).reason, "end")
    })
  )

  it.effect("limits the wait for the first byte, and then for the whole line", () =>
    Effect.gen(function* () {
      const stream = new PassThrough()
      const { next } = lineReader(stream, limits)
      const idle = yield* Effect.fork(Effect.flip(next("1 hour")))
      yield* TestClock.adjust("59 minutes")
      assert.isNull(idle.unsafePoll())
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(idle)).reason, "slow")
      stream.write("x")
      const slow = yield* Effect.fork(Effect.flip(next("1 hour")))
      yield* Effect.promise(() => new Promise(setImmediate))
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* Fiber.join(slow)).reason, "slow")
    })
  )

  it.effect("limits what it buffers, alone and together with all other readers", () =>
    Effect.gen(function* () {
      const budget = { held: 0, most: 5 }
      const one = new PassThrough()
      const two = new PassThrough()
      one.write("abc")
      two.write("def")
      const readers = [one, two].map((stream) => lineReader(stream, { ...limits, budget }))
      const waiting = yield* Effect.fork((readers[0] as (typeof readers)[0]).next("1 hour"))
      yield* Effect.yieldNow()
      assert.strictEqual(
        (yield* Effect.flip((readers[1] as (typeof readers)[0]).next("1 hour"))).reason,
        "busy"
      )
      readers[1]?.release()
      assert.strictEqual(budget.held, 3)
      one.write("x".repeat(8))
      assert.strictEqual((yield* Effect.flip(Fiber.join(waiting))).reason, "too-long")
      readers[0]?.release()
      assert.strictEqual(budget.held, 0)
    })
  )
})
