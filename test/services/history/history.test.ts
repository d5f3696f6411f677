import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { contractOf } from "../../../src/services/history/contract.ts"
import { History } from "../../../src/services/history/history.ts"
import { layer } from "../../../src/services/history/layer.ts"
import { layerMemory } from "../../../src/services/history/layer-memory.ts"
import { layerMemory as projectMemory } from "../../../src/services/project/layer-memory.ts"
import { testContract } from "../../support/contract.ts"
import { needs } from "../../support/needs.ts"
import { plant, temporaryFolder } from "../project/folder.ts"

const path = ".tako/secrets.json"
const first = `+${"A".repeat(47)}`
const second = `-${"B".repeat(47)}`
const moved = `/${"C".repeat(47)}`
const date = "2024-05-06T07:08:09+02:00"

const gitIn = (folder: string, ...commandLine: ReadonlyArray<string>): string =>
  ChildProcess.execFileSync("git", [...commandLine], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      GIT_AUTHOR_NAME: "Ada",
      GIT_AUTHOR_EMAIL: "ada@example.com",
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: "Bob",
      GIT_COMMITTER_EMAIL: "bob@example.com"
    }
  })

const commit = (folder: string, text: string, subject: string): string => {
  plant(folder, { [path]: text })
  gitIn(folder, "add", "--force", path)
  gitIn(folder, "commit", "-q", "-m", subject)
  return gitIn(folder, "rev-parse", "HEAD").trim()
}

const historyIn = (folder: string) => Layer.provide(layer, projectMemory({ root: folder }))

const repository = Effect.map(temporaryFolder, (folder) => {
  gitIn(folder, "init", "-q", "-b", "main")
  return folder
})

const real = Layer.unwrapScoped(
  Effect.map(repository, (folder) => {
    plant(folder, { ".gitignore": "ignored\n" })
    commit(folder, `{"${first}"}`, "Add the first")
    commit(folder, `{"${first}", "${second}"}`, "Add the second")
    return historyIn(folder)
  })
)
const described = { author: "Ada", date }
const memory = layerMemory({
  commits: [
    { path, texts: [first], commit: { ...described, hash: "1".repeat(40), subject: "Add the first" } },
    { path, texts: [second], commit: { ...described, hash: "2".repeat(40), subject: "Add the second" } }
  ],
  ignored: ["ignored"]
})

const contract = contractOf({ path, first, second, date, ignored: "ignored" })

testContract("History in memory", contract, memory)

describe.skipIf(!needs("git"))("with git", () => {
  testContract("History", contract, real)

  const broughtIn = (folder: string, text: string) =>
    Effect.gen(function* () {
      const { commitThatAdded } = yield* History
      return yield* commitThatAdded(path, text)
    }).pipe(Effect.provide(historyIn(folder)))

  it.scoped("finds no commit for text that was removed or never committed", () =>
    Effect.gen(function* () {
      const folder = yield* repository
      commit(folder, first, "Add")
      commit(folder, "", "Remove")
      plant(folder, { [path]: `${first}${second}` })
      assert.isTrue(Option.isNone(yield* broughtIn(folder, first)))
      assert.isTrue(Option.isNone(yield* broughtIn(folder, second)))
    })
  )

  it.scoped("finds text that only a merge added", () =>
    Effect.gen(function* () {
      const folder = yield* repository
      commit(folder, "0", "Begin")
      gitIn(folder, "checkout", "-q", "-b", "side")
      commit(folder, second, "Aside")
      gitIn(folder, "checkout", "-q", "main")
      commit(folder, first, "Ahead")
      gitIn(folder, "merge", "-q", "--no-commit", "--strategy=ours", "side")
      const merge = commit(folder, first + moved, "Merge")
      assert.strictEqual(Option.getOrThrow(yield* broughtIn(folder, moved)).hash, merge)
      assert.strictEqual(Option.getOrThrow(yield* broughtIn(folder, first)).subject, "Ahead")
    })
  )

  it.scoped(
    "starts no program that the repository's configuration names, and passes on none of tako's variables",
    () =>
      Effect.gen(function* () {
        const folder = yield* repository
        commit(folder, first, "Add")
        const witness = Path.join(folder, "witness")
        plant(folder, {
          "run.sh": `#!/bin/sh\nenv >> ${witness}\n`,
          ".gitattributes": "*.json diff=evil filter=evil\n"
        })
        Fs.chmodSync(Path.join(folder, "run.sh"), 0o755)
        for (const key of [
          "core.fsmonitor",
          "core.pager",
          "core.sshCommand",
          "diff.external",
          "diff.evil.textconv",
          "diff.evil.command",
          "filter.evil.clean",
          "filter.evil.smudge",
          "gpg.program"
        ]) {
          gitIn(folder, "config", key, Path.join(folder, "run.sh"))
        }
        gitIn(folder, "config", "log.showSignature", "true")
        gitIn(folder, "config", "core.hooksPath", folder)
        assert.isTrue(Option.isSome(yield* broughtIn(folder, first)))
        const { isIgnored } = yield* Effect.provide(History, historyIn(folder))
        assert.isFalse(yield* isIgnored(path))
        assert.isFalse(Fs.existsSync(witness))
      })
  )

  it.scoped("ignores GIT_DIR, as set in a hook", () =>
    Effect.gen(function* () {
      const folder = yield* repository
      commit(folder, first, "Add")
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          process.env.GIT_DIR = "/nowhere"
        }),
        () =>
          Effect.sync(() => {
            delete process.env.GIT_DIR
          })
      )
      assert.isTrue(Option.isSome(yield* broughtIn(folder, first)))
    })
  )

  it.scoped("shows no escape sequence of a commit", () =>
    Effect.gen(function* () {
      const folder = yield* repository
      commit(folder, first, "Add \u001b]0;x\u0007\u009b31m\u202e")
      const { subject } = Option.getOrThrow(yield* broughtIn(folder, first))
      assert.strictEqual(subject, "Add �]0;x��31m�")
    })
  )

  it.scoped("finds nothing outside of a repository, or without git", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      plant(folder, { [path]: first })
      assert.isTrue(Option.isNone(yield* broughtIn(folder, first)))
      const { isIgnored } = yield* Effect.provide(History, historyIn(folder))
      assert.isFalse(yield* isIgnored(path))
      const kept = process.env.PATH
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          process.env.PATH = "/nowhere"
        }),
        () =>
          Effect.sync(() => {
            process.env.PATH = kept
          })
      )
      assert.isFalse(yield* isIgnored(path))
      assert.isTrue(Option.isNone(yield* broughtIn(folder, first)))
    })
  )
})
