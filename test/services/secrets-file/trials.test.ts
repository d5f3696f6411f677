import * as Fs from "node:fs"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { names } from "../../../src/services/secrets-file/contract.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { start } from "../files/child.ts"
import { temporaryFolder } from "../files/folder.ts"
import { provideIn } from "./project.ts"

describe("a secrets file that many processes change at once", { timeout: 300_000 }, () => {
  let program: Bundle
  beforeAll(async () => {
    program = await bundle(Path.join(import.meta.dirname, "fixture.ts"))
  })
  afterAll(() => program?.remove())

  for (const [writers, count] of [
    [2, 1],
    [8, 100]
  ] as const) {
    it.scopedLive(`loses nothing: ${writers} processes, ${count} each`, () =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder(Fs.existsSync("/dev/shm") ? "/dev/shm" : undefined)
        const prefixes = [..."ABCDEFGH"].slice(0, writers)
        const children = yield* Effect.forEach(prefixes, (prefix) =>
          start([process.execPath, program.path, root, String(count), prefix])
        )
        yield* Effect.forEach(children, (child) => child.waitFor("ready"))
        yield* Effect.forEach(children, (child) => child.begin)
        for (const child of children) assert.strictEqual(yield* child.end, 0)
        const wanted = prefixes.flatMap((prefix) => Array.from({ length: count }, (_, i) => `${prefix}_${i}`))
        assert.deepStrictEqual<ReadonlyArray<string>>(yield* provideIn(root)(names), wanted.sort())
        assert.deepStrictEqual(Fs.readdirSync(Path.join(root, ".tako")), ["secrets.json"])
      })
    )
  }
})
