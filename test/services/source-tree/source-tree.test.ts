import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { layer as projectLayer } from "../../../src/services/project/layer.ts"
import { contract, planted } from "../../../src/services/source-tree/contract.ts"
import { layer } from "../../../src/services/source-tree/layer.ts"
import { layerMemory } from "../../../src/services/source-tree/layer-memory.ts"
import { SourceTree } from "../../../src/services/source-tree/source-tree.ts"
import { testContract } from "../../support/contract.ts"
import { plant, temporaryFolder } from "../project/folder.ts"

const realAt = (root: string) => Layer.provide(layer, projectLayer({ directory: root }))

const inFolder = (files: Readonly<Record<string, string>>) =>
  Effect.map(temporaryFolder, (folder) => {
    plant(folder, Object.fromEntries(Object.entries(files).map(([path, text]) => [`project/${path}`, text])))
    return realAt(Path.join(folder, "project"))
  })

testContract("SourceTree", contract, Layer.unwrapScoped(inFolder(planted)))
testContract("SourceTree in memory", contract, layerMemory(new Map(Object.entries(planted))))

describe("the source tree on disk", () => {
  it.scoped("neither follows links out of the project nor looks through those within it", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      plant(folder, { "project/tako.toml": "", "project/src/x.ts": "", "outside/z.gen": "theirs" })
      const root = Path.join(folder, "project")
      Fs.symlinkSync("../outside", Path.join(root, "linked"))
      Fs.symlinkSync("src", Path.join(root, "again"))
      Fs.symlinkSync("../../outside/z.gen", Path.join(root, "src/z.gen"))
      yield* Effect.gen(function* () {
        const tree = yield* SourceTree
        assert.deepStrictEqual(yield* tree.find(["z.gen", "x.ts"]), ["src/x.ts", "src/z.gen"])
        assert.isFalse(yield* tree.hasFolder("linked"))
        for (const path of ["src/z.gen", "linked/z.gen"]) {
          assert.strictEqual((yield* Effect.flip(tree.write(path, "ours")))._tag, "PathRefused")
          assert.strictEqual((yield* Effect.flip(tree.read(path)))._tag, "PathRefused")
        }
      }).pipe(Effect.provide(realAt(root)))
      assert.strictEqual(Fs.readFileSync(Path.join(folder, "outside/z.gen"), "utf8"), "theirs")
    })
  )

  it.scoped("keeps a file's mode, and a link within the project", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      plant(root, { "tako.toml": "", "real.gen": "" })
      Fs.chmodSync(Path.join(root, "real.gen"), 0o640)
      Fs.symlinkSync("real.gen", Path.join(root, "z.gen"))
      yield* Effect.provide(
        Effect.flatMap(SourceTree, (tree) => tree.write("z.gen", "new")),
        realAt(root)
      )
      assert.isTrue(Fs.lstatSync(Path.join(root, "z.gen")).isSymbolicLink())
      assert.strictEqual(Fs.readFileSync(Path.join(root, "real.gen"), "utf8"), "new")
      assert.strictEqual(Fs.statSync(Path.join(root, "real.gen")).mode & 0o777, 0o640)
      assert.deepStrictEqual(Fs.readdirSync(root).sort(), ["real.gen", "tako.toml", "z.gen"])
    })
  )
})
