import * as FsPromises from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { layer } from "../../../src/services/process-spawner/layer.ts"
import { eventually } from "../../support/eventually.ts"
import { needs } from "../../support/needs.ts"
import { openPipes } from "./proc.ts"
import { digest, expected, secretsOf, secretsOfSize, stage } from "./reader.ts"

/** As the original's SDK reads: it starts without secrets, silently, when any of this is not so. */
const original = `
  const fs = require("fs")
  if (!fs.fstatSync(3).isFIFO()) process.exit(9)
  const { dev, ino } = fs.fstatSync(3, { bigint: true })
  if (process.env.TAKO_PIPE !== dev + ":" + ino) process.exit(8)
  const text = fs.readFileSync(3, "utf-8")
  fs.closeSync(3)
  fs.writeFileSync("read", text)`

const python = `
import os, stat
assert stat.S_ISFIFO(os.fstat(3).st_mode)
with os.fdopen(3, "rb") as pipe, open("read", "wb") as read:
    read.write(pipe.read())`

const readers = [
  ["node", [process.execPath, "-e", original]],
  ["sh", ["sh", "-c", "cat <&3 >read"]],
  ["python3", ["python3", "-c", python]]
] as const

const KiB = 1024
const MiB = 1024 * KiB
const sizes = [
  ["a value of 10 B", secretsOf("0123456789")],
  ["64 KiB", secretsOfSize(64 * KiB)],
  ["64 KiB and a byte", secretsOfSize(64 * KiB + 1)],
  ["1 MiB", secretsOfSize(MiB)],
  ["8 MiB", secretsOfSize(8 * MiB)]
] as const

describe.each(readers)("the pipe, read by %s", (program, command) => {
  it.scopedLive.skipIf(!needs(program))("holds envelopes of every size to their end", () =>
    Effect.gen(function* () {
      for (const [size, secrets] of sizes) {
        const { start, read } = yield* stage
        const process = yield* start(command, secrets)
        assert.deepStrictEqual(yield* process.exit, { _tag: "Exited", code: 0 }, size)
        assert.strictEqual(digest(read("read")), expected(process, secrets), size)
      }
    }).pipe(Effect.provide(layer))
  )
})

describe("the pipe", () => {
  it.scopedLive("is there without secrets", () =>
    Effect.gen(function* () {
      const { start, read } = yield* stage
      yield* (yield* start(readers[0][1], new Map())).exit
      assert.deepStrictEqual(JSON.parse(read("read").toString()).secrets, {})
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("does not mind a program that exits at once, or closes it unread", () =>
    Effect.gen(function* () {
      const secrets = secretsOfSize(8 * MiB)
      for (const script of ["exit 3", "exec 3<&-; sleep 0.05; exit 3", "head -c 10 <&3 >/dev/null; exit 3"]) {
        const { start } = yield* stage
        const process = yield* start(["sh", "-c", script], secrets)
        assert.deepStrictEqual(yield* process.exit, { _tag: "Exited", code: 3 }, script)
      }
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("holds nothing up while programs do not read, and is whole when they do", () =>
    Effect.gen(function* () {
      const secrets = secretsOfSize(8 * MiB)
      const stages = yield* Effect.replicateEffect(stage, 6)
      const script = "while ! [ -e go ]; do sleep 0.01; done; cat <&3 >read"
      const sleepers = yield* Effect.forEach(stages, ({ start }) => start(["sh", "-c", script], secrets))
      // Node does four of these at a time; a write that waits for a reader would be one of them.
      const files = Array.from({ length: 8 }, () => FsPromises.readFile(import.meta.filename))
      assert.lengthOf(yield* Effect.promise(() => Promise.all(files)), 8)
      for (const { write, isThere } of stages) {
        assert.isFalse(isThere("read"))
        write("go")
      }
      for (const [index, sleeper] of sleepers.entries()) {
        assert.deepStrictEqual(yield* sleeper.exit, { _tag: "Exited", code: 0 })
        assert.strictEqual(digest(stages[index]?.read("read") as Buffer), expected(sleeper, secrets))
      }
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("is the end's, not of what a program leaves behind with it", () =>
    Effect.gen(function* () {
      const { start, read, write, isThere } = yield* stage
      const script = "(while ! [ -e go ]; do sleep 0.01; done; cat <&3 >read; : >done) & echo $! >pid; exit 5"
      const process = yield* start(["sh", "-c", script], secretsOfSize(8 * MiB))
      assert.deepStrictEqual(yield* process.exit, { _tag: "Exited", code: 5 })
      assert.include([...openPipes(Number(read("pid").toString())).keys()], 3)
      write("go")
      yield* Effect.promise(() => eventually("the end of what was left behind", () => isThere("done")))
    }).pipe(Effect.provide(layer))
  )
})
