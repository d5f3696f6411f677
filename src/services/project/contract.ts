import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ConfigInvalid } from "../../domain/errors/project.ts"
import type { Contract } from "../contract.ts"
import { Project } from "./project.ts"

/** What every Project must do, in a folder without files at first. */
export const contract: Contract<Project> = [
  {
    name: "has no config where there is no tako.toml",
    run: Effect.gen(function* () {
      const { config } = yield* Project
      Assert.ok(Option.isNone(yield* config))
    })
  },

  {
    name: "reads the tako.toml that it writes",
    run: Effect.gen(function* () {
      const { config, writeNew } = yield* Project
      Assert.ok(yield* writeNew("tako.toml", '\uFEFFname = "shop"\nstart = ["node", "a.js"]\n'))
      const read = Option.getOrThrow(yield* config)
      Assert.equal(read.name, "shop")
      Assert.deepEqual(read.start, ["node", "a.js"])
    })
  },

  {
    name: "keeps an existing file",
    run: Effect.gen(function* () {
      const { config, writeNew } = yield* Project
      Assert.ok(yield* writeNew("tako.toml", 'name = "first"'))
      Assert.equal(yield* writeNew("tako.toml", 'name = "second"'), false)
      Assert.equal(Option.getOrThrow(yield* config).name, "first")
    })
  },

  {
    name: "reports the line where tako.toml breaks, and does not quote it",
    run: Effect.gen(function* () {
      const { config, writeNew } = yield* Project
      yield* writeNew("tako.toml", 'name = "shop"\n[vars]\nTOKEN = sk_live_canary\n')
      const error = (yield* Effect.flip(config)) as ConfigInvalid
      Assert.equal(error._tag, "ConfigInvalid")
      Assert.equal(error.line, 3)
      Assert.ok(!error.message.includes("canary"))
      Assert.ok(!JSON.stringify(error).includes("canary"))
    })
  },

  {
    name: "suggests the key that was meant",
    run: Effect.gen(function* () {
      const { config, writeNew } = yield* Project
      yield* writeNew("tako.toml", 'nmae = "shop"\n')
      const error = (yield* Effect.flip(config)) as ConfigInvalid
      Assert.match(error.message, /tako\.toml: nmae is not a key that tako knows\.\nDid you mean name\?$/)
    })
  },

  {
    name: "appends the lines that are missing, once",
    run: Effect.gen(function* () {
      const { appendLines } = yield* Project
      Assert.ok(yield* appendLines(".gitignore", ["a", "b"]))
      Assert.equal(yield* appendLines(".gitignore", ["a", "b"]), false)
      Assert.ok(yield* appendLines(".gitignore", ["b", "a"]))
    })
  },

  {
    name: "writes nothing outside of the project",
    run: Effect.gen(function* () {
      const { appendLines, writeNew } = yield* Project
      const refused = yield* Effect.flip(writeNew("../tako-escaped", ""))
      Assert.equal((refused as { _tag: string })._tag, "PathRefused")
      Assert.equal(
        ((yield* Effect.flip(appendLines("../tako-escaped", ["a"]))) as { _tag: string })._tag,
        "PathRefused"
      )
    })
  }
]
