import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Location, layer, layerHere } from "../../../src/services/project/layer.ts"
import { Project } from "../../../src/services/project/project.ts"
import { plant, temporaryFolder } from "./folder.ts"

const projectAt = (location: Location) => Effect.provide(Project, layer(location))
const refusalAt = (location: Location) => Effect.flip(Effect.provide(Project, layer(location)))

const files = {
  "far/tako.toml": 'name = "far"',
  "far/near/.tako/secrets.json": "{}",
  "far/near/sub/deep/": "",
  "repo/.git/HEAD": "ref: refs/heads/main\n",
  "repo/a/b/": "",
  "secrets/.git/HEAD": "ref: refs/heads/main\n",
  "secrets/app/.tako/secrets.json": "{}",
  "secrets/app/src/": "",
  "worktree/.git": "gitdir: /nowhere\n",
  "worktree/a/": "",
  "bare/a/": "",
  "odd/tako.toml/": "",
  "odd/.git/HEAD": ""
}

describe("the project's root", () => {
  it.scoped.each([
    ["far/near/sub/deep", "far"],
    ["far", "far"],
    ["secrets/app/src", "secrets/app"],
    ["secrets", "secrets"],
    ["repo/a/b", "repo"],
    ["worktree/a", "worktree"],
    ["bare/a", "bare/a"],
    ["odd", "odd"]
  ] as const)("from %s is %s", ([start, root]) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      plant(folder, files)
      const project = yield* projectAt({ directory: Path.join(folder, start) })
      assert.strictEqual(project.root, Path.join(folder, root))
    })
  )

  it.scoped("is the target of a symbolic link", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      plant(folder, files)
      Fs.symlinkSync(Path.join(folder, "repo/a"), Path.join(folder, "bare/link"))
      const project = yield* projectAt({ directory: Path.join(folder, "bare/link") })
      assert.strictEqual(project.root, Path.join(folder, "repo"))
    })
  )

  it.scoped("is the folder of the given tako.toml", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      plant(folder, { ...files, "bare/other.toml": 'name = "other"' })
      const directory = Path.join(folder, "repo/a")
      const far = yield* projectAt({ directory, config: "../../far/tako.toml" })
      assert.strictEqual(far.root, Path.join(folder, "far"))
      const other = yield* projectAt({ directory, config: Path.join(folder, "bare/other.toml") })
      assert.strictEqual(other.root, Path.join(folder, "bare"))
      assert.strictEqual(Option.getOrThrow(yield* other.config).name, "other")
    })
  )

  it.scoped.each([
    ["nowhere/tako.toml", "there is no such file"],
    ["odd/tako.toml", "it is not a file"],
    ["far/near", "a file named *.toml"],
    ["repo/.git/HEAD", "a file named *.toml"]
  ] as const)("is not taken from --config %s", ([config, problem]) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      plant(folder, files)
      const error = yield* refusalAt({ directory: folder, config })
      assert.strictEqual(error._tag, "ConfigInvalid")
      assert.include(error.message, problem)
    })
  )

  it.scoped("is the current folder for init, whatever is above it", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      plant(folder, files)
      const directory = Path.join(folder, "repo/a")
      const here = yield* Effect.provide(Project, layerHere({ directory }))
      assert.strictEqual(here.root, directory)
      assert.isTrue(Option.isNone(yield* here.config))
      const there = yield* Effect.provide(Project, layerHere({ directory, config: "b/tako.toml" }))
      assert.strictEqual(there.root, Path.join(directory, "b"))
    })
  )

  describe.skipIf(process.getuid?.() !== 0)("among folders of several users (needs root)", () => {
    const stranger = 54321

    it.scoped.each([
      ["tako.toml", ["tako.toml"]],
      [".tako/secrets.json", [".tako/secrets.json"]],
      [".tako/secrets.json", [".tako"]],
      [".git/HEAD", [".git"]]
    ] as const)("is not what a stranger left further up: %s", ([file, owned]) =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        plant(folder, { [file]: "", "mine/": "" })
        for (const path of owned) Fs.lchownSync(Path.join(folder, path), stranger, stranger)
        const error = yield* refusalAt({ directory: Path.join(folder, "mine") })
        assert.strictEqual(error._tag, "ConfigInvalid")
        assert.match(error.message, /belongs to another user \(uid 54321\).*(--config|tako init)/)
      })
    )

    it.scoped("is not marked by a stranger's link to a file of ours", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        plant(folder, { "mine/sub/": "", "private/tako.toml": "" })
        const link = Path.join(folder, "mine/tako.toml")
        Fs.symlinkSync(Path.join(folder, "private/tako.toml"), link)
        Fs.lchownSync(link, stranger, stranger)
        assert.strictEqual(
          (yield* refusalAt({ directory: Path.join(folder, "mine/sub") }))._tag,
          "ConfigInvalid"
        )
      })
    )

    it.scoped("may belong to the owner of the current folder, or be given explicitly", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        plant(folder, { "tako.toml": "", "theirs/": "", "ours/": "" })
        Fs.chownSync(Path.join(folder, "tako.toml"), stranger, stranger)
        Fs.chownSync(Path.join(folder, "theirs"), stranger, stranger)
        assert.strictEqual((yield* projectAt({ directory: Path.join(folder, "theirs") })).root, folder)
        const named = yield* projectAt({ directory: Path.join(folder, "ours"), config: "../tako.toml" })
        assert.strictEqual(named.root, folder)
      })
    )
  })
})
