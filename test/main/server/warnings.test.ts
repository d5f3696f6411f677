import { assert, describe, it } from "vitest"
import { parse } from "../../../src/main/server/options.ts"
import { warnings } from "../../../src/main/server/warnings.ts"

const warned = (
  args: ReadonlyArray<string>,
  { isRoot = true, hasCredential = true }: { isRoot?: boolean; hasCredential?: boolean } = {}
): string => {
  const asked = parse(args, isRoot)
  if (asked._tag !== "Run") throw new Error(asked._tag)
  return warnings(asked.options, { isRoot, hasCredential }).join("\n")
}

describe("tako-server's warnings at startup", () => {
  it("are absent when it runs as its unit starts it", () => {
    assert.strictEqual(warned([]), "")
  })

  it("name each way in which secrets are less protected", () => {
    assert.include(warned([], { isRoot: false }), "not started as root")
    assert.include(warned(["--uids", "none"]), "every app runs as root")
    assert.include(warned([], { hasCredential: false }), "/var/lib/tako.key: this protects backups")
    assert.include(warned(["--memory-only"]), "wait for a sync")
    assert.notInclude(warned(["--memory-only"], { hasCredential: false }), "stolen disk")
    assert.include(warned(["--socket-group", "0"]), "full control")
  })
})
