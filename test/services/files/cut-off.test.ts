import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { whileLocked } from "../../../src/services/files/lock.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { needs } from "../../support/needs.ts"
import { temporaryFolder } from "./folder.ts"

const fileIn = Effect.map(temporaryFolder(), (folder) => Path.join(folder, "file"))
const around = (path: string) => Fs.readdirSync(Path.dirname(path))

/** The system calls of a change that name a path or flush, with the minimum number of times each happens. */
const cuts = [
  ...[1, 2, 3, 4, 5, 6].map((when) => ["fchmod", when] as const),
  ...[1, 2, 3].map((when) => ["link", when] as const),
  ...[1, 2, 3, 4, 5, 6].map((when) => ["unlink", when] as const),
  ...[1, 2, 3].map((when) => ["fsync", when] as const),
  ...[1, 2].map((when) => ["rename", when] as const)
]

describe.skipIf(process.platform !== "linux" || !needs("strace"))(
  "a change of a file",
  { timeout: 300_000 },
  () => {
    let writer: Bundle
    beforeAll(async () => {
      writer = await bundle(Path.join(import.meta.dirname, "fixture", "writer.ts"))
    })
    afterAll(() => writer?.remove())

    /** Appends one line, under strace. */
    const change = (path: string, inject: string) =>
      spawnSync(
        "strace",
        [
          "-f",
          "-qq",
          "-o",
          "/dev/null",
          "-e",
          `trace=${inject.split(":")[0]}`,
          "-e",
          `inject=${inject}`
        ].concat([process.execPath, writer.path, path, "1", "new"]),
        { input: "go\n", encoding: "utf8", timeout: 60_000 }
      )

    it.scopedLive(
      "that is cut off at any system call leaves the old or the new file, and blocks nobody",
      () =>
        Effect.gen(function* () {
          const path = yield* fileIn
          const outcomes = new Set<string>()
          for (const [call, when] of cuts) {
            Fs.writeFileSync(path, "old 0\n")
            const { signal, status } = change(path, `${call}:signal=SIGKILL:when=${when}`)
            const text = Fs.readFileSync(path, "utf8")
            const cut = signal === "SIGKILL" || status === 137
            outcomes.add(`${cut ? "cut off" : "done"}, ${text === "old 0\n" ? "old" : "new"}`)
            assert.include(cut ? ["old 0\n", "old 0\nnew 0\n"] : ["old 0\nnew 0\n"], text, `${call} ${when}`)
            const before = performance.now()
            yield* whileLocked(path, () => Effect.void)
            // Waiting for a lock whose owner is alive would take 30 s.
            assert.isBelow(performance.now() - before, 15_000)
            assert.deepStrictEqual(around(path), ["file"], `${call} ${when}`)
          }
          assert.deepStrictEqual([...outcomes].sort(), ["cut off, new", "cut off, old", "done, new"])
        })
    )

    it.scopedLive.each([
      ["fchmod:error=EPERM:when=1", "lock", "EPERM", "old"],
      ["fchmod:error=EIO:when=1", "lock", "EIO", "old"],
      ["link:error=EIO:when=1", "lock", "EIO", "old"],
      ["fsync:error=EIO:when=1", "write", "EIO", "old"],
      ["fsync:error=ENOSPC:when=1", "write", "ENOSPC", "old"],
      ["rename:error=EXDEV:when=1", "write", "EXDEV", "old"],
      ["fsync:error=EIO:when=2", "sync", "EIO", "new"]
    ] as const)("that meets %s says so and leaves no other file", ([inject, operation, code, content]) =>
      Effect.gen(function* () {
        const path = yield* fileIn
        Fs.writeFileSync(path, "old 0\n")
        const { status, stderr } = change(path, inject)
        assert.strictEqual(status, 1)
        assert.include(stderr, `Could not ${operation} ${path}`)
        assert.include(stderr, code)
        assert.include(stderr, content === "old" ? "The old file is untouched" : "The change is made")
        assert.strictEqual(Fs.readFileSync(path, "utf8"), content === "old" ? "old 0\n" : "old 0\nnew 0\n")
        assert.deepStrictEqual(around(path), ["file"])
      })
    )

    it.scopedLive.each([
      ["in a folder that cannot be synced", "fsync:error=EINVAL:when=2"],
      ["without hard links", "link:error=EPERM"],
      ["with a lock that cannot be removed in the usual way", "link:error=ENOSPC:when=2"]
    ] as const)("%s is made", ([_, inject]) =>
      Effect.gen(function* () {
        const path = yield* fileIn
        Fs.writeFileSync(path, "old 0\n")
        const { status, stderr } = change(path, inject)
        assert.deepStrictEqual([status, stderr], [0, ""])
        assert.strictEqual(Fs.readFileSync(path, "utf8"), "old 0\nnew 0\n")
        assert.deepStrictEqual(around(path), ["file"])
      })
    )
  }
)
