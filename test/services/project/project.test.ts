import { assert, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { ConfigInvalid } from "../../../src/domain/errors/project.ts"
import { layer as real } from "../../../src/services/project/layer.ts"
import { layerMemory } from "../../../src/services/project/layer-memory.ts"
import { Project } from "../../../src/services/project/project.ts"
import { temporaryFolder } from "./folder.ts"

const inTemporaryFolder = Layer.unwrapScoped(Effect.map(temporaryFolder, (directory) => real({ directory })))

const contract = <E>(name: string, project: () => Layer.Layer<Project, E>) => {
  const it_ = (what: string, test: Effect.Effect<void, unknown, Project>) =>
    it.effect(`${name} ${what}`, () => Effect.provide(test, project()))

  it_(
    "has no config where there is no tako.toml",
    Effect.gen(function* () {
      const { config } = yield* Project
      assert.isTrue(Option.isNone(yield* config))
    })
  )
  it_(
    "reads the tako.toml that it writes",
    Effect.gen(function* () {
      const { config, writeNew } = yield* Project
      assert.isTrue(yield* writeNew("tako.toml", '\uFEFFname = "shop"\nstart = ["node", "a.js"]\n'))
      const read = Option.getOrThrow(yield* config)
      assert.strictEqual(read.name, "shop")
      assert.deepStrictEqual(read.start, ["node", "a.js"])
    })
  )
  it_(
    "takes a file that is there for granted",
    Effect.gen(function* () {
      const { config, writeNew } = yield* Project
      assert.isTrue(yield* writeNew("tako.toml", 'name = "first"'))
      assert.isFalse(yield* writeNew("tako.toml", 'name = "second"'))
      assert.strictEqual(Option.getOrThrow(yield* config).name, "first")
    })
  )
  it_(
    "says on which line tako.toml breaks, and not what stands there",
    Effect.gen(function* () {
      const { config, writeNew } = yield* Project
      yield* writeNew("tako.toml", 'name = "shop"\n[vars]\nTOKEN = sk_live_canary\n')
      const error = (yield* Effect.flip(config)) as ConfigInvalid
      assert.strictEqual(error._tag, "ConfigInvalid")
      assert.strictEqual(error.line, 3)
      assert.notInclude(error.message, "canary")
      assert.notInclude(JSON.stringify(error), "canary")
    })
  )
  it_(
    "says which key was meant",
    Effect.gen(function* () {
      const { config, writeNew } = yield* Project
      yield* writeNew("tako.toml", 'nmae = "shop"\n')
      const error = (yield* Effect.flip(config)) as ConfigInvalid
      assert.match(error.message, /tako\.toml: nmae is not a key that tako knows\.\nDid you mean name\?$/)
    })
  )
  it_(
    "appends the lines that are missing, once",
    Effect.gen(function* () {
      const { appendLines } = yield* Project
      assert.isTrue(yield* appendLines(".gitignore", ["a", "b"]))
      assert.isFalse(yield* appendLines(".gitignore", ["a", "b"]))
      assert.isTrue(yield* appendLines(".gitignore", ["b", "a"]))
    })
  )
  it_(
    "writes nothing outside of the project",
    Effect.gen(function* () {
      const { appendLines, writeNew } = yield* Project
      const refused = yield* Effect.flip(writeNew("../tako-escaped", ""))
      assert.strictEqual((refused as { _tag: string })._tag, "PathRefused")
      assert.strictEqual(
        ((yield* Effect.flip(appendLines("../tako-escaped", ["a"]))) as { _tag: string })._tag,
        "PathRefused"
      )
    })
  )
}

contract("Project", () => inTemporaryFolder)
contract("Project in memory", () => layerMemory())

layer(layerMemory({ identity: "/repo/.git:app", root: "/repo/app" }))("Project in memory", (it) => {
  it.effect("has the given root", () =>
    Effect.gen(function* () {
      const { identity, root } = yield* Project
      assert.deepStrictEqual([root, identity], ["/repo/app", "/repo/.git:app"])
    })
  )
})
