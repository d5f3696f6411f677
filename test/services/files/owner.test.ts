import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ourselves, presence } from "../../../src/services/files/owner.ts"
import { start } from "./child.ts"

const linux = process.platform === "linux"
const startOf = (pid: number) =>
  linux ? (Fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").pop()?.split(" ")[19] ?? "") : "0"

describe("a process", () => {
  it("is alive if it is this one", () => {
    assert.strictEqual(presence(ourselves()), "alive")
    assert.strictEqual(presence({ ...ourselves(), pid: 1, start: startOf(1) }), "alive")
  })

  it("is unknown if it belongs to another boot, machine or pid namespace", () => {
    assert.strictEqual(presence({ ...ourselves(), boot: "other" }), "unknown")
    assert.strictEqual(presence({ ...ourselves(), namespace: "4" }), "unknown")
  })

  it.scopedLive("is gone once it has ended", () =>
    Effect.gen(function* () {
      const child = yield* start(["sleep", "60"])
      const owner = { ...ourselves(), pid: child.pid, start: startOf(child.pid) }
      assert.strictEqual(presence(owner), "alive")
      yield* child.kill("SIGKILL")
      yield* child.end
      assert.strictEqual(presence(owner), "gone")
    })
  )

  it.skipIf(!linux)("is gone if its pid belongs to a later one", () => {
    assert.strictEqual(presence({ ...ourselves(), start: "1" }), "gone")
  })

  it.skipIf(!linux)("is identified by its start time, whatever its name", () => {
    const title = process.title
    try {
      process.title = "a) R 1 ("
      assert.strictEqual(presence(ourselves()), "alive")
    } finally {
      process.title = title
    }
  })

  const zombie = linux ? it.scopedLive : it.scopedLive.skip
  zombie("is gone when only its parent has not taken note of its end", () =>
    Effect.gen(function* () {
      const parent = yield* start(["sh", "-c", "sleep 0.01 & exec sleep 60"])
      const childrenOf = `/proc/${parent.pid}/task/${parent.pid}/children`
      const child = yield* Effect.sync(() => Number(Fs.readFileSync(childrenOf, "latin1"))).pipe(
        Effect.repeat({ until: (pid) => pid > 0 })
      )
      const owner = { ...ourselves(), pid: child, start: startOf(child) }
      yield* Effect.sync(() => presence(owner)).pipe(
        Effect.tap(() => Effect.sleep(1)),
        Effect.repeat({ until: (there) => there === "gone" })
      )
      assert.include(Fs.readFileSync(Path.join("/proc", String(child), "stat"), "latin1"), ") Z ")
    })
  )
})
