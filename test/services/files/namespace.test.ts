import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { whileLocked } from "../../../src/services/files/lock.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { start } from "./child.ts"
import { temporaryFolder } from "./folder.ts"
import { hastyClock } from "./hasty-clock.ts"
import { makeOld } from "./locks.ts"

/** Creating pid namespaces is not allowed to every user. */
const unshare = ["unshare", "--pid", "--fork", "--kill-child"] as const
const works = (more: ReadonlyArray<string>) =>
  process.platform === "linux" && spawnSync(unshare[0], [...unshare.slice(1), ...more, "true"]).status === 0

describe("a lock that a container holds", () => {
  let holder: Bundle
  beforeAll(async () => {
    holder = await bundle(Path.join(import.meta.dirname, "fixture", "holder.ts"))
  })
  afterAll(() => holder?.remove())

  for (const [title, more] of [
    ["with its own /proc", ["--mount-proc"]],
    ["with the /proc of its host", []]
  ] as const) {
    it.skipIf(!works(more))(`${title}: its pid is meaningless here, so it is respected until it is old`, () =>
      Effect.gen(function* () {
        const path = Path.join(yield* temporaryFolder(), "file")
        const child = yield* start([...unshare, ...more, process.execPath, holder.path, path])
        yield* child.waitFor("held")
        const take = Effect.withClock(
          whileLocked(path, () => Effect.void),
          hastyClock()
        )
        const error = yield* Effect.flip(take)
        assert.deepInclude(error, { _tag: "FileLocked", path })
        assert.notProperty(error, "pid")
        makeOld(`${path}.lock`)
        yield* take
        assert.deepStrictEqual(Fs.readdirSync(Path.dirname(path)), [])
        yield* child.begin
        assert.strictEqual(yield* child.end, 0)
      }).pipe(Effect.scoped, Effect.runPromise)
    )
  }
})
