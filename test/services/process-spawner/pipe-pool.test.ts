import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { pipePool } from "../../../src/services/process-spawner/pipes.ts"

describe("a pool of pipes", () => {
  const before = process.env.TMPDIR
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-test-pool-"))
  beforeAll(() => {
    process.env.TMPDIR = folder
  })
  afterAll(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    Fs.rmSync(folder, { recursive: true })
  })

  it.live("takes away what a killed process left of its own, and nothing else", () =>
    Effect.gen(function* () {
      const { pid: ended } = spawnSync("true")
      const kept = [
        `tako-pipe-${process.pid}-lives`,
        `tako-run-${ended}-other`,
        `tako-pipe-${process.ppid}-lives`
      ]
      for (const name of [`tako-pipe-${ended}-killed`, ...kept]) {
        Fs.mkdirSync(Path.join(folder, name))
        Fs.writeFileSync(Path.join(folder, name, "0"), "")
      }
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { take } = yield* pipePool(2)
          const { readEnd, writeEnd } = yield* take("to-child")
          for (const fd of [readEnd, writeEnd]) Fs.closeSync(fd)
          assert.strictEqual(Fs.readdirSync(folder).length, kept.length + 1)
        })
      )
      assert.sameMembers(Fs.readdirSync(folder), kept)
    })
  )
})
