import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as TestClock from "effect/TestClock"
import { Style } from "../../../../../src/main/cli/context.ts"
import { draw, makeBoard, makeProgress } from "../../../../../src/main/cli/secrets/sync/progress.ts"
import { plain } from "../../../../../src/main/command-line/ink.ts"
import type { Delivery, Result } from "../../../../../src/programs/sync/delivery.ts"
import { layerMemory, StdioTranscript } from "../../../../../src/services/stdio/layer-memory.ts"
import { parcel, to } from "../../../../programs/sync/stage.ts"

const [la] = to(parcel({ GREETING: "one" }), "la") as readonly [Delivery]

const delivered = (delivery: Delivery): Result => ({
  delivery,
  outcome: Either.right({
    state: "updated",
    revision: 2 as never,
    instances: 1,
    added: [],
    changed: [],
    removed: []
  })
})

/** A sync with one server: 2 s of connecting, a minute of waiting for an answer, 1 s of sending. */
const play = (way: "Json" | "Plain") =>
  Effect.gen(function* () {
    const progress = yield* makeProgress([la], { _tag: way })
    yield* progress.onStage(la, { _tag: "Connecting" })
    yield* TestClock.adjust("2 seconds")
    yield* progress.onStage(la, { _tag: "Waiting" })
    yield* TestClock.adjust("1 minute")
    yield* progress.onStage(la, { _tag: "Sending" })
    yield* TestClock.adjust("1 second")
    yield* progress.onResult(delivered(la))
    const { stdout, stderr } = yield* StdioTranscript
    return (yield* way === "Json" ? stdout : stderr).trim().split("\n")
  }).pipe(
    Effect.scoped,
    Effect.provideService(Style, { out: plain, err: plain, columns: 80 }),
    Effect.provide(layerMemory())
  )

describe("the progress of a sync", () => {
  it.effect("measures how long a server was active, without waiting for an answer", () =>
    Effect.gen(function* () {
      const json = yield* play("Json")
      assert.deepInclude(JSON.parse(json.at(-1) ?? ""), { event: "ended", server: "la", seconds: 3 })
      assert.deepStrictEqual(yield* play("Plain"), ["la: synced, revision 2, 1 replaced, 3.0 s"])
    })
  )

  it("draws no time while a server waits", () => {
    const board = makeBoard([la])
    const drawn = (now: number) => draw(board, { columns: 80, rows: 24 }, now, plain)
    assert.deepStrictEqual(drawn(0), [" la   wait"])
    board.advance(la, { _tag: "Connecting" }, 1000)
    assert.deepStrictEqual(drawn(2500), [" la   connect             1.5 s"])
    board.advance(la, { _tag: "Waiting" }, 3000)
    assert.deepStrictEqual(drawn(9000), [" la   wait"])
    board.advance(la, { _tag: "Sending" }, 60_000)
    assert.deepStrictEqual(drawn(60_500), [" la   send                2.5 s"])
  })
})
