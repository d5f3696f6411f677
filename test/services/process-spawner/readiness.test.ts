import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { layer, layerOf } from "../../../src/services/process-spawner/layer.ts"
import { ProcessSpawner } from "../../../src/services/process-spawner/process-spawner.ts"
import { eventually } from "../../support/eventually.ts"
import { needs } from "../../support/needs.ts"
import { openFiles, openPipes } from "./proc.ts"
import { secretsOfSize } from "./reader.ts"

const start = (...command: readonly [string, ...ReadonlyArray<string>]) =>
  Effect.flatMap(ProcessSpawner, ({ spawn }) =>
    spawn({
      command,
      environment: { PATH: process.env.PATH },
      secrets: secretsOfSize(100),
      readiness: true
    })
  )
const sh = (script: string) => start("sh", "-c", script)
const listening = { _tag: "Listening", port: 3000 }

describe("fd 4", () => {
  it.scopedLive("counts what was written just before the end", () =>
    Effect.gen(function* () {
      for (let count = 0; count < 20; count++) {
        const { port } = yield* sh("echo 3000 >&4")
        assert.deepStrictEqual<unknown>(yield* port, listening)
      }
    }).pipe(Effect.provide(layerOf({ poolSize: 8 })))
  )

  it.scopedLive("takes a word in pieces, and waits for the rest of it", () =>
    Effect.gen(function* () {
      const { port } = yield* sh("printf 30 >&4; sleep 0.05; printf '00\\n' >&4; exec sleep 1000")
      assert.deepStrictEqual<unknown>(yield* port, listening)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("does not wait for what a program has left behind with it", () =>
    Effect.gen(function* () {
      const { port, exit } = yield* sh("sleep 2 & exit 0")
      yield* exit
      assert.deepStrictEqual<unknown>(yield* port, { _tag: "Silent" })
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("reads sixteen bytes of one that goes on and on, and lets go of it", () =>
    Effect.gen(function* () {
      const { port, exit } = yield* sh(
        "trap '' PIPE; while echo xxxxxxxxxxxxxxxxxxxx >&4; do :; done; exit 5"
      )
      assert.deepStrictEqual<unknown>(yield* port, { _tag: "Garbage" })
      assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 5 })
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive.skipIf(!needs("node"))("is a pipe that blocks, as the original's SDK writes to it", () =>
    Effect.gen(function* () {
      const script = `const fs = require("fs")
        if (!fs.fstatSync(4).isFIFO()) process.exit(9)
        fs.writeSync(4, "3000\\n")
        fs.closeSync(4)
        setInterval(() => {}, 1000)`
      const { port } = yield* start("node", "-e", script)
      assert.deepStrictEqual<unknown>(yield* port, listening)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive.skipIf(process.platform !== "linux")(
    "is in its own program alone, and leaves nothing open",
    () =>
      Effect.gen(function* () {
        const before = openFiles("self").size
        yield* Effect.scoped(
          Effect.gen(function* () {
            const all = yield* Effect.all(
              Array.from({ length: 6 }, () => sh("echo 3000 >&4; exec sleep 1000")),
              { concurrency: "unbounded" }
            )
            yield* Effect.all(all.map(({ port }) => port))
            const pipes = all.map(({ pid }) => openPipes(pid))
            const ours = pipes.map((open) => open.get(4) as string)
            for (const [index, open] of pipes.entries()) {
              assert.deepStrictEqual(
                [...open].filter(([, pipe]) => ours.includes(pipe)),
                [[4, ours[index]]]
              )
            }
            assert.strictEqual(new Set(ours).size, 6)
          })
        )
        yield* Effect.promise(() =>
          eventually("as many open files as before", () => openFiles("self").size <= before)
        )
      }).pipe(Effect.provide(layerOf({ poolSize: 4 })))
  )

  it.scopedLive("leaves nothing open of a program that was not started", () =>
    Effect.gen(function* () {
      yield* Effect.either(start("no-such-program-of-tako"))
      const before = openFiles("self").size
      for (let count = 0; count < 5; count++) {
        const refusal = yield* Effect.flip(start("no-such-program-of-tako"))
        assert.strictEqual(refusal.reason, "not-found")
      }
      yield* Effect.promise(() =>
        eventually("as many open files as before", () => openFiles("self").size <= before)
      )
    }).pipe(Effect.provide(layer), (test) => (process.platform === "linux" ? test : Effect.void))
  )
})
