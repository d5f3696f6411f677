import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { temporaryName } from "../../../src/services/files/replace.ts"
import { layer } from "../../../src/services/project/layer.ts"
import { Project } from "../../../src/services/project/project.ts"
import { plant, temporaryFolder } from "./folder.ts"

const projectIn = (directory: string) => Effect.provide(Project, layer({ directory }))

describe("files of the project", () => {
  it.scoped.each([
    ["", "a\nb\n"],
    ["x", "x\na\nb\n"],
    ["x\r\ny", "x\r\ny\r\na\r\nb\r\n"],
    ["a\n", "a\nb\n"],
    ["a  \r\nb\r\n", "a  \r\nb\r\n"],
    ["b\n", "b\na\nb\n"],
    ["b\na\n", "b\na\nb\n"]
  ] as const)("get the missing lines in their order: %j", ([before, after]) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const path = Path.join(folder, ".gitignore")
      Fs.writeFileSync(path, before)
      const { appendLines } = yield* projectIn(folder)
      assert.strictEqual(yield* appendLines(".gitignore", ["a", "b"]), before !== after)
      assert.strictEqual(Fs.readFileSync(path, "utf8"), after)
      assert.isFalse(yield* appendLines(".gitignore", ["a", "b"]))
      assert.deepStrictEqual(Fs.readdirSync(folder), [".gitignore"])
    })
  )

  it.scoped("keep their mode, and bytes that are not UTF-8", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const path = Path.join(folder, ".gitignore")
      Fs.writeFileSync(path, Buffer.from([0xe4, 0xff, 0x0a]))
      Fs.chmodSync(path, 0o640)
      const { appendLines } = yield* projectIn(folder)
      yield* appendLines(".gitignore", ["ä"])
      assert.strictEqual(Fs.readFileSync(path).toString("hex"), "e4ff0ac3a40a")
      assert.strictEqual(Fs.statSync(path).mode & 0o777, 0o640)
    })
  )

  it.scoped("may be links within the project, but not out of it", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      plant(folder, { "project/config/ignore": "x\n", "outside/ignore": "x\n", "project/.git/HEAD": "" })
      const root = Path.join(folder, "project")
      const link = Path.join(root, ".gitignore")
      const { appendLines, writeNew } = yield* projectIn(root)
      Fs.symlinkSync("config/ignore", link)
      yield* appendLines(".gitignore", ["a"])
      assert.isTrue(Fs.lstatSync(link).isSymbolicLink())
      assert.strictEqual(Fs.readFileSync(Path.join(root, "config/ignore"), "utf8"), "x\na\n")
      Fs.rmSync(link)
      Fs.symlinkSync("../outside/ignore", link)
      assert.strictEqual((yield* Effect.flip(appendLines(".gitignore", ["a"])))._tag, "PathRefused")
      assert.strictEqual(Fs.readFileSync(Path.join(folder, "outside/ignore"), "utf8"), "x\n")
      Fs.symlinkSync("../outside", Path.join(root, "src"))
      assert.strictEqual((yield* Effect.flip(writeNew("src/new", "")))._tag, "PathRefused")
      Fs.symlinkSync("../outside/dangling", Path.join(root, "tako.toml"))
      assert.isFalse(yield* writeNew("tako.toml", "x"))
      assert.deepStrictEqual(Fs.readdirSync(Path.join(folder, "outside")), ["ignore"])
    })
  )

  it.scoped("are left alone if they are not files, or cannot be written", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      plant(folder, { ".gitignore/": "" })
      const { appendLines, writeNew } = yield* projectIn(folder)
      assert.strictEqual((yield* Effect.flip(appendLines(".gitignore", ["a"])))._tag, "PathRefused")
      const failed = yield* Effect.flip(writeNew("nowhere/tako.toml", ""))
      assert.include(failed.message, "ENOENT")
      assert.isFalse(yield* writeNew(".gitignore", ""))
    })
  )

  it.scoped("are written even after a killed writer, whose leftovers are removed", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      for (const name of ["tako.toml", ".gitignore"]) {
        const path = Path.join(folder, name)
        // A temporary file of our pid, but of an earlier process with that pid.
        Fs.writeFileSync(temporaryName(path).replace(/-(\d+)-\d+-(\d+)-/, "-$1-1-$2-"), "half")
      }
      const { writeNew, appendLines } = yield* projectIn(folder)
      assert.isTrue(yield* writeNew("tako.toml", "x"))
      assert.isTrue(yield* appendLines(".gitignore", ["a"]))
      assert.deepStrictEqual(Fs.readdirSync(folder).sort(), [".gitignore", "tako.toml"])
    })
  )

  it.scoped("that several create at once are created by one", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const { writeNew } = yield* projectIn(folder)
      const written = yield* Effect.all(
        Array.from({ length: 8 }, (_, index) => writeNew("tako.toml", `# ${index}`)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(written.filter(Boolean).length, 1)
    })
  )
})
