import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { onTestFinished } from "vitest"
import { isTrusted, layerLocal } from "../../../src/services/transport/layer-local.ts"
import { Transport } from "../../../src/services/transport/transport.ts"

const isRoot = process.getuid?.() === 0
const [somebody, us] = [64_011, 64_012]

/** A socket of `owner`, in a folder with this owner and mode. */
const socketOf = (owner: number, folder: { readonly owner: number; readonly mode: number }) => {
  const directory = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-owner-"))
  onTestFinished(() => Fs.rmSync(directory, { recursive: true }))
  const path = Path.join(directory, "s")
  const server = Net.createServer((socket) => socket.destroy())
  onTestFinished(() => void server.close())
  return new Promise<string>((resolve) =>
    server.listen(path, () => {
      Fs.chownSync(path, owner, owner)
      Fs.chownSync(directory, folder.owner, folder.owner)
      Fs.chmodSync(directory, folder.mode)
      resolve(path)
    })
  )
}

describe.skipIf(!isRoot)("a server's socket on this machine", () => {
  it.each([
    ["root's", 0, { owner: 0, mode: 0o755 }, true],
    ["ours", us, { owner: us, mode: 0o700 }, true],
    ["ours, where all may make files", us, { owner: 0, mode: 0o1777 }, true],
    ["ours, where all may replace it", us, { owner: 0, mode: 0o777 }, false],
    ["another user's, where all may make files", somebody, { owner: 0, mode: 0o1777 }, false],
    ["another user's, in our folder that nobody else writes to", somebody, { owner: us, mode: 0o755 }, true],
    ["another user's, in our folder that a group writes to", somebody, { owner: us, mode: 0o775 }, false],
    [
      "another user's, in a folder that he has made in /tmp",
      somebody,
      { owner: somebody, mode: 0o755 },
      false
    ]
  ] as const)("that is %s", async (_, owner, folder, trusted) => {
    assert.strictEqual(isTrusted(await socketOf(owner, folder), us), trusted)
  })

  it.scopedLive("is sent nothing if anybody could have created it", () =>
    Effect.gen(function* () {
      const socket = yield* Effect.promise(() => socketOf(somebody, { owner: 0, mode: 0o1777 }))
      const { connect } = yield* Transport
      const { message } = yield* Effect.flip(connect({ _tag: "Local", name: "local", socket }))
      assert.include(message, "another user may have created that socket")
      assert.include(message, "Nothing was sent.")
    }).pipe(Effect.provide(layerLocal))
  )
})
