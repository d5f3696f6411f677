import { spawnSync } from "node:child_process"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Bundle, bundle } from "../../support/bundle.ts"

let program: Bundle
beforeAll(async () => {
  program = await bundle(Path.resolve(import.meta.dirname, "fixture/logging.ts"))
})
afterAll(() => program.remove())

describe("the log of tako-server", () => {
  it("writes a line of JSON per event, and never a value", () => {
    const { stderr, stdout } = spawnSync(process.execPath, [program.path], { encoding: "utf8" })
    assert.strictEqual(stdout, "")
    const lines = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    assert.deepStrictEqual(
      lines.map(({ at: _, ...rest }) => rest),
      [
        {
          level: "info",
          event: "instance serving",
          app: "shop/production",
          revision: 3,
          instance: "2b7xq4mh"
        },
        { level: "error", event: "command hit a bug", kind: "TypeError" },
        { level: "warn", event: "" }
      ]
    )
    for (const { at } of lines) assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.notInclude(stderr, "c4nary")
  })

  it("does not stop the server if nobody reads it", () => {
    const { status } = spawnSync("sh", ["-c", `exec "$0" "$1" 2>&-`, process.execPath, program.path])
    assert.strictEqual(status, 0)
  })
})
