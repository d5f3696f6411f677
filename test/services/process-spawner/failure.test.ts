import { assert, describe, it } from "@effect/vitest"
import type { ProcessSpec } from "../../../src/services/process-spawner/process-spawner.ts"
import { notStarted } from "../../../src/services/process-spawner/start.ts"

const spec = (command: string, path: string): ProcessSpec => ({
  command: [command],
  secrets: new Map(),
  environment: { PATH: path }
})

const errno = (code: string) => Object.assign(new Error(code), { code })

describe("why a process was not started", () => {
  it("has no program without a name", () => {
    const { reason, message } = notStarted(spec("", "/bin"), errno("ERR_INVALID_ARG_VALUE"))
    assert.deepStrictEqual([reason, message], ["not-found", '"": command not found'])
  })

  it("names the directory that is missing, where that is not the current one", () => {
    const { reason, message } = notStarted({ ...spec("node", "/bin"), directory: "/gone" }, errno("ENOENT"))
    assert.deepStrictEqual(
      [reason, message],
      ["directory-gone", "node was not started: there is no directory /gone"]
    )
  })

  it("tells a path through a file from a PATH with a file in it", () => {
    assert.strictEqual(notStarted(spec("/bin/true/x", "/bin"), errno("ENOTDIR")).reason, "not-executable")
    assert.strictEqual(notStarted(spec("x", "/bin/true"), errno("ENOTDIR")).reason, "not-found")
  })
})
