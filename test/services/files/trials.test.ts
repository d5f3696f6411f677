import * as Fs from "node:fs"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { whileLocked } from "../../../src/services/files/lock.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { randomOf, seed } from "../../support/random.ts"
import { start } from "./child.ts"
import { temporaryFolder } from "./folder.ts"
import { abandonLock } from "./locks.ts"

const fixture = (name: string) => Path.join(import.meta.dirname, "fixture", name)
// In memory where possible, because these trials test the lock and not the disk.
const memory = "/dev/shm"
const fileIn = Effect.map(temporaryFolder(Fs.existsSync(memory) ? memory : undefined), (folder) =>
  Path.join(folder, "file")
)
const random = randomOf(seed)
const around = (path: string) => Fs.readdirSync(Path.dirname(path))

/** Checks that each name's lines are numbered 0, 1, … without a gap or a repetition; returns the count per name. */
const countLines = (text: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  if (text !== "") assert.isTrue(text.endsWith("\n"), "the last line is whole")
  for (const line of text.split("\n").slice(0, -1)) {
    const [name = "", number] = line.split(" ")
    const count = counts.get(name) ?? 0
    assert.strictEqual(number, String(count), line)
    counts.set(name, count + 1)
  }
  return counts
}

describe("real processes", { timeout: 300_000 }, () => {
  let writer: Bundle
  let breaker: Bundle
  beforeAll(async () => {
    writer = await bundle(fixture("writer.ts"))
    breaker = await bundle(fixture("breaker.ts"))
  })
  afterAll(() => {
    writer?.remove()
    breaker?.remove()
  })

  it.scopedLive("killed 100 times at random moments never block the next one, nor leave half a file", () =>
    Effect.gen(function* () {
      let longest = 0
      const kill = (path: string, round: number) =>
        Effect.scoped(
          Effect.gen(function* () {
            const child = yield* start([process.execPath, writer.path, path, "100000", `w${round}`])
            yield* child.waitFor("ready")
            yield* child.begin
            yield* Effect.sleep(random.below(60))
            yield* child.kill("SIGKILL")
            assert.strictEqual(yield* child.end, "SIGKILL")
            const before = performance.now()
            yield* whileLocked(path, () => Effect.void)
            longest = Math.max(longest, performance.now() - before)
            countLines(Fs.existsSync(path) ? Fs.readFileSync(path, "utf8") : "")
            assert.deepStrictEqual(
              around(path).filter((name) => name !== "file"),
              [],
              "leftovers"
            )
            Fs.rmSync(path, { force: true })
          })
        )
      const paths = yield* Effect.all([fileIn, fileIn, fileIn])
      yield* Effect.forEach(
        paths,
        (path, lane) =>
          Effect.forEach(Array.from({ length: 34 }), (_, round) => kill(path, lane * 34 + round), {
            discard: true
          }),
        { concurrency: "unbounded", discard: true }
      )
      // Waiting for a lock whose owner is alive would take 30 s.
      assert.isBelow(longest, 15_000, "ms until the next writer had the lock")
    })
  )

  it.scopedLive("that break stale locks all at once never break a live one", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      abandonLock(path)
      const children = yield* Effect.forEach(Array.from({ length: 6 }), () =>
        start([process.execPath, breaker.path, path, "100"])
      )
      yield* Effect.forEach(children, (child) => child.waitFor("ready"))
      yield* Effect.forEach(children, (child) => child.begin)
      for (const child of children) assert.strictEqual(yield* child.end, 0)
      yield* whileLocked(path, () => Effect.void)
      assert.deepStrictEqual(around(path), [])
    })
  )

  it.scopedLive("that are killed while breaking locks never break a live one", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      abandonLock(path)
      for (let round = 0; round < 10; round++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const children = yield* Effect.forEach(Array.from({ length: 3 }), () =>
              start([process.execPath, breaker.path, path, "100000"])
            )
            yield* Effect.forEach(children, (child) => child.waitFor("ready"))
            yield* Effect.forEach(children, (child) => child.begin)
            yield* Effect.sleep(20 + random.below(60))
            for (const child of children) {
              yield* child.kill("SIGKILL")
              assert.strictEqual(yield* child.end, "SIGKILL", "nobody found another one inside")
              yield* whileLocked(path, () => Effect.void)
            }
          })
        )
      }
      assert.deepStrictEqual(
        around(path).filter((name) => !name.endsWith("-abandoned")),
        []
      )
    })
  )
})
