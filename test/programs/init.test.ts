import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { init } from "../../src/programs/init.ts"
import { layer as historyLayer } from "../../src/services/history/layer.ts"
import { layerMemory as historyMemory } from "../../src/services/history/layer-memory.ts"
import { layerHere } from "../../src/services/project/layer.ts"
import { layerMemory as projectMemory } from "../../src/services/project/layer-memory.ts"
import { Project } from "../../src/services/project/project.ts"
import { plant, temporaryFolder } from "../services/project/folder.ts"
import { needs } from "../support/needs.ts"

const rules = ".tako/*\n!.tako/secrets.json\n"

describe("init", () => {
  it.effect("creates a tako.toml with the folder's name, and has git track the secrets", () =>
    Effect.gen(function* () {
      const files = new Map<string, string>()
      const project = projectMemory({ root: "/home/ada/My Shop", files })
      const layers = Layer.merge(project, historyMemory())
      assert.deepStrictEqual(yield* Effect.provide(init(), layers), {
        root: "/home/ada/My Shop",
        config: "created",
        ignoreRules: "added",
        secretsIgnored: false
      })
      assert.strictEqual(files.get(".gitignore"), rules)
      const { config } = yield* Effect.provide(Project, project)
      assert.strictEqual(Option.getOrThrow(yield* config).name, "my-shop")
      // The commented-out lines are valid when uncommented.
      files.set("tako.toml", (files.get("tako.toml") as string).replace(/^# (?=\[|[a-zA-Z_]+ =)/gm, ""))
      const used = Option.getOrThrow(yield* config)
      assert.deepStrictEqual(used.start, ["node", "server.ts"])
      assert.strictEqual(used.vars.get("LOG_LEVEL"), "info")
    })
  )

  it.effect("keeps existing files, even an invalid tako.toml", () =>
    Effect.gen(function* () {
      const files = new Map([
        ["tako.toml", "not = = toml"],
        [".gitignore", "node_modules"]
      ])
      const layers = Layer.merge(projectMemory({ files }), historyMemory())
      const outcome = yield* Effect.provide(init(), layers)
      assert.deepInclude(outcome, { config: "kept", ignoreRules: "added" })
      assert.strictEqual(files.get("tako.toml"), "not = = toml")
      assert.strictEqual(files.get(".gitignore"), `node_modules\n${rules}`)
      assert.deepInclude(yield* Effect.provide(init(), layers), { config: "kept", ignoreRules: "kept" })
      assert.strictEqual(files.get(".gitignore"), `node_modules\n${rules}`)
    })
  )

  describe.skipIf(!needs("git"))("with git", () => {
    const git = (folder: string, ...commandLine: ReadonlyArray<string>) =>
      ChildProcess.execFileSync("git", [...commandLine], {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: process.env.PATH, HOME: folder }
      })

    const initIn = (directory: string) =>
      Effect.provide(init(), Layer.provideMerge(historyLayer, layerHere({ directory })))

    it.scoped("has git track only the secrets file of .tako", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        git(folder, "init", "-q")
        plant(folder, {
          ".tako/secrets.json": "{}",
          ".tako/secrets.json.lock": "",
          ".gitignore": "*.log\r\n"
        })
        assert.isFalse((yield* initIn(folder)).secretsIgnored)
        git(folder, "add", ".")
        assert.deepStrictEqual(git(folder, "ls-files").split("\n"), [
          ".gitignore",
          ".tako/secrets.json",
          "tako.toml",
          ""
        ])
        assert.strictEqual(
          Fs.readFileSync(Path.join(folder, ".gitignore"), "utf8"),
          "*.log\r\n.tako/*\r\n!.tako/secrets.json\r\n"
        )
      })
    )

    it.scoped.each([
      ["project/.gitignore", ".tako/\n"],
      [".gitignore", ".tako\n"],
      [".git/info/exclude", "project/\n"]
    ] as const)("says when an older rule in %s still hides the secrets file", ([file, text]) =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        git(folder, "init", "-q")
        plant(folder, { "project/": "", [file]: text })
        assert.isTrue((yield* initIn(Path.join(folder, "project"))).secretsIgnored)
      })
    )
  })
})
