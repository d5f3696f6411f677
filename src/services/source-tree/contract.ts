import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Contract } from "../contract.ts"
import { SourceTree } from "./source-tree.ts"

/** The files of the project that the contract is about, by path. */
export const planted = {
  "tako.toml": "",
  "go.mod": "",
  "z.gen": "root",
  "src/a.gen": "",
  "src/b/z.gen": "",
  "lib/z.gen": "",
  "node_modules/x/z.gen": "",
  "src/dist/z.gen": "",
  ".cache/z.gen": "",
  "other/tako.toml": "",
  "other/src/z.gen": "",
  "module/.git": "gitdir: elsewhere",
  "module/z.gen": ""
}

/** What every SourceTree must do in a project of these files. */
export const contract: Contract<SourceTree> = [
  {
    name: "finds the project's own files, nearest to the root first",
    run: Effect.gen(function* () {
      const tree = yield* SourceTree
      Assert.deepEqual(yield* tree.find(["z.gen", "go.mod"]), ["go.mod", "z.gen", "lib/z.gen", "src/b/z.gen"])
      Assert.deepEqual(yield* tree.find(["nowhere"]), [])
    })
  },

  {
    name: "lists the files of a folder, and knows folders",
    run: Effect.gen(function* () {
      const tree = yield* SourceTree
      Assert.deepEqual(yield* tree.files(""), ["go.mod", "tako.toml", "z.gen"])
      Assert.deepEqual(yield* tree.files("src"), ["a.gen"])
      Assert.deepEqual(yield* tree.files("nowhere"), [])
      Assert.ok(yield* tree.hasFolder("src/b"))
      Assert.equal(yield* tree.hasFolder("z.gen"), false)
      Assert.equal(yield* tree.hasFolder("nowhere"), false)
    })
  },

  {
    name: "reads what it wrote",
    run: Effect.gen(function* () {
      const tree = yield* SourceTree
      Assert.deepEqual(yield* tree.read("src/new.gen"), Option.none())
      yield* tree.write("src/new.gen", "ä\n")
      yield* tree.write("z.gen", "other")
      Assert.deepEqual(yield* tree.read("src/new.gen"), Option.some("ä\n"))
      Assert.deepEqual(yield* tree.read("z.gen"), Option.some("other"))
    })
  },

  {
    name: "writes nothing outside of the project",
    run: Effect.gen(function* () {
      const tree = yield* SourceTree
      const error = yield* Effect.flip(tree.write("../escaped", ""))
      Assert.equal(error._tag, "PathRefused")
    })
  }
]
