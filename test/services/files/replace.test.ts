import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { replace } from "../../../src/services/files/replace.ts"
import { temporaryFolder } from "./folder.ts"

const fileIn = Effect.map(temporaryFolder(), (folder) => Path.join(folder, "file"))
const around = (path: string) => Fs.readdirSync(Path.dirname(path))
const modeOf = (path: string) => Fs.statSync(path).mode & 0o7777
const bytes = Buffer.from("new")
const root = process.geteuid?.() === 0

describe("replacing a file", () => {
  it.scopedLive("sets exactly the given mode", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      yield* replace(path, bytes, { _tag: "Exactly", mode: 0o666 }, Effect.void)
      assert.strictEqual(modeOf(path), 0o666)
      yield* replace(path, bytes, { _tag: "Exactly", mode: 0o600 }, Effect.void)
      assert.strictEqual(modeOf(path), 0o600)
      assert.strictEqual(Fs.readFileSync(path, "utf8"), "new")
    })
  )

  it.scopedLive("keeps the mode of the old one", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      for (const mode of [0o640, 0o664, 0o400]) {
        Fs.writeFileSync(path, "old")
        Fs.chmodSync(path, mode)
        yield* replace(path, bytes, { _tag: "Like", stats: Fs.statSync(path) }, Effect.void)
        assert.strictEqual(modeOf(path), mode)
        Fs.rmSync(path)
      }
    })
  )

  it.skipIf(!root)("keeps the owner of the old one, as root", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      Fs.writeFileSync(path, "old")
      Fs.chownSync(path, 4321, 1234)
      yield* replace(path, bytes, { _tag: "Like", stats: Fs.statSync(path) }, Effect.void)
      assert.deepInclude(Fs.statSync(path), { uid: 4321, gid: 1234 })
    }).pipe(Effect.scoped, Effect.runPromise)
  )

  it.scopedLive("leaves the old one and nothing else if the last check fails, dies or is interrupted", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      Fs.writeFileSync(path, "old")
      for (const check of [Effect.fail("no"), Effect.die("no"), Effect.interrupt]) {
        const exit = yield* Effect.exit(replace(path, bytes, { _tag: "Exactly", mode: 0o600 }, check))
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual(around(path), ["file"])
        assert.strictEqual(Fs.readFileSync(path, "utf8"), "old")
      }
    })
  )

  it.scopedLive("replaces a link, and not its target", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      const elsewhere = yield* temporaryFolder()
      Fs.writeFileSync(Path.join(elsewhere, "x"), "old")
      Fs.symlinkSync(Path.join(elsewhere, "x"), path)
      yield* replace(path, bytes, { _tag: "Exactly", mode: 0o600 }, Effect.void)
      assert.isTrue(Fs.lstatSync(path).isFile())
      assert.strictEqual(Fs.readFileSync(Path.join(elsewhere, "x"), "utf8"), "old")
    })
  )

  it.scopedLive("reports what the operating system refuses, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const path = yield* fileIn
      Fs.mkdirSync(path)
      const folder = yield* Effect.flip(replace(path, bytes, { _tag: "Exactly", mode: 0o600 }, Effect.void))
      assert.deepInclude(folder, { _tag: "FileFailed", operation: "write", path, code: "EISDIR" })
      assert.include(folder.message, "The old file is untouched")
      assert.deepStrictEqual(around(path), ["file"])
      const nowhere = Path.join(path, "no", "file")
      const missing = yield* Effect.flip(
        replace(nowhere, bytes, { _tag: "Exactly", mode: 0o600 }, Effect.void)
      )
      assert.deepInclude(missing, { _tag: "FileFailed", operation: "write", path: nowhere, code: "ENOENT" })
    })
  )
})
