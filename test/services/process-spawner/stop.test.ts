import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { layer } from "../../../src/services/process-spawner/layer.ts"
import { ProcessSpawner } from "../../../src/services/process-spawner/process-spawner.ts"
import { eventually } from "../../support/eventually.ts"
import { temporaryFolder } from "../files/folder.ts"
import { hasEnded } from "./proc.ts"

const start = (script: string) =>
  Effect.gen(function* () {
    const { spawn } = yield* ProcessSpawner
    const folder = yield* temporaryFolder()
    const running = yield* spawn({
      command: ["sh", "-c", script],
      environment: { PATH: process.env.PATH },
      secrets: new Map(),
      directory: folder
    })
    const path = (name: string) => `${folder}/${name}`
    const told = (name: string) =>
      Effect.promise(() =>
        eventually(
          `the file ${name}`,
          // Made before it is written to.
          () => (Fs.existsSync(path(name)) && Fs.readFileSync(path(name), "utf8").trim()) || undefined
        )
      )
    return { ...running, told, write: (name: string) => Fs.writeFileSync(path(name), "") }
  })

describe.skipIf(process.platform !== "linux")("stop", () => {
  it.scopedLive("ends one that listens to SIGTERM, and its exit code is its own", () =>
    Effect.gen(function* () {
      const { told, stop, exit } = yield* start(
        "trap 'exit 3' TERM; echo up > up; while :; do sleep 0.02; done"
      )
      yield* told("up")
      assert.isTrue(yield* stop("10 seconds"))
      assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 3 })
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("kills one that does not, and what it started, after the grace", () =>
    Effect.gen(function* () {
      const inner = "trap '' TERM HUP; echo $$ > inner; while :; do sleep 0.02; done"
      const { told, stop, exit } = yield* start(
        `trap '' TERM; sh -c "${inner.replaceAll("$", "\\$")}"; echo no > after`
      )
      const pid = yield* told("inner")
      assert.isTrue(yield* stop("200 millis"))
      assert.deepStrictEqual(yield* exit, { _tag: "Signalled", signal: "SIGKILL" })
      assert.isTrue(hasEnded(pid))
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("tells what a parent leaves behind, once, and lets it end in peace", () =>
    Effect.gen(function* () {
      const inner =
        "trap 'echo x >> signals; sleep 0.2; exit 0' TERM; echo $$ > inner; while :; do sleep 0.02; done"
      const { told, stop } = yield* start(`sh -c "${inner.replaceAll("$", "\\$")}" & wait`)
      const pid = yield* told("inner")
      assert.isTrue(yield* stop("10 seconds"))
      assert.isTrue(hasEnded(pid))
      assert.strictEqual(yield* told("signals"), "x")
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("finds what was orphaned before, but not a daemon that left", () =>
    Effect.gen(function* () {
      const sleep = (name: string) => `sh -c 'echo \\$\\$ > ${name}; exec sleep 1000'`
      const script = `(${sleep("orphan")} &); (setsid ${sleep("daemon")} &); while ! [ -e go ]; do sleep 0.02; done`
      const { told, stop, gone, exit, write } = yield* start(script.replaceAll("\\$", "$"))
      const orphan = yield* told("orphan")
      const daemon = yield* told("daemon")
      yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(Number(daemon), "SIGKILL")))
      write("go")
      yield* exit
      assert.isTrue((yield* Effect.timeoutOption(gone, "100 millis"))._tag === "None")
      assert.isTrue(yield* stop("10 seconds"))
      yield* gone
      assert.deepStrictEqual([hasEnded(orphan), hasEnded(daemon)], [true, false])
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("has nothing to do for one that has ended", () =>
    Effect.gen(function* () {
      const { exit, stop } = yield* start("exit 4")
      yield* exit
      assert.isTrue(yield* stop("10 seconds"))
      assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 4 })
    }).pipe(Effect.provide(layer))
  )
})
