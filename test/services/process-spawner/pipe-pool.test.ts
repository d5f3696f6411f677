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
          const { take } = yield* pipePool({ size: 2 })
          const { readEnd, writeEnd } = yield* take("to-child")
          for (const fd of [readEnd, writeEnd]) Fs.closeSync(fd)
          assert.strictEqual(Fs.readdirSync(folder).length, kept.length + 1)
        })
      )
      assert.sameMembers(Fs.readdirSync(folder), kept)
    })
  )

  it.live("with a folder of its own does not look at the shared ones, which anybody can fill", () =>
    Effect.gen(function* () {
      const { pid: ended } = spawnSync("true")
      const own = Path.join(folder, "own")
      const left = `tako-pipe-${ended}-killed`
      for (const place of [folder, own]) Fs.mkdirSync(Path.join(place, left), { recursive: true })
      const shared = Fs.readdirSync(folder)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { take } = yield* pipePool({ size: 2, privateFolder: own })
          assert.deepStrictEqual(Fs.readdirSync(own), [])
          const { readEnd, writeEnd } = yield* take("to-child")
          for (const fd of [readEnd, writeEnd]) Fs.closeSync(fd)
          assert.strictEqual(Fs.readdirSync(own).length, 1)
          assert.deepStrictEqual(Fs.readdirSync(folder), shared)
        })
      )
      assert.deepStrictEqual(Fs.readdirSync(own), [])
      assert.deepStrictEqual(Fs.readdirSync(folder), shared)
    })
  )

  it.scopedLive("with a folder of its own that it cannot use fails instead of using the shared ones", () =>
    Effect.gen(function* () {
      const unusable = Path.join(folder, "a-file")
      Fs.writeFileSync(unusable, "")
      const shared = Fs.readdirSync(folder)
      const { take } = yield* pipePool({ size: 2, privateFolder: unusable })
      assert.strictEqual((yield* Effect.flip(take("to-child"))).code, "ENOTDIR")
      assert.deepStrictEqual(Fs.readdirSync(folder), shared)
    })
  )
})
