import { spawnSync } from "node:child_process"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import { needs } from "../support/needs.ts"

const root = Path.resolve(import.meta.dirname, "../..")

describe.skipIf(!needs("tmux"))("the pictures of docs/terminal", () => {
  it("match what tako prints today", () => {
    const { status, stderr } = spawnSync(process.execPath, ["scripts/capture.mjs", "--check"], {
      cwd: root,
      encoding: "utf8"
    })
    assert.strictEqual(status, 0, stderr)
  })
})
