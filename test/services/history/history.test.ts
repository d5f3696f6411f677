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
  versions: [
    {
      path,
      content: Buffer.from(`{"${first}"}`),
      commit: { ...described, hash: "1".repeat(40), subject: "Add the first" }
    },
    {
      path,
      content: Buffer.from(`{"${first}", "${second}"}`),
      commit: { ...described, hash: "2".repeat(40), subject: "Add the second" }
    }
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

  describe("versions of a file", () => {
    const versionsIn = (folder: string) =>
      Effect.gen(function* () {
        const { versionsWith } = yield* History
        const { found, missing } = yield* versionsWith(path, '"salt"')
        return { subjects: found.map(({ commit }) => commit.subject), missing: Option.getOrNull(missing) }
      }).pipe(Effect.provide(historyIn(folder)))

    const withSalt = (salt: string, secrets = "") =>
      `{\n  "production": {\n    "salt": "${salt}",\n    "secrets": {${secrets}}\n  }\n}\n`

    /** Bound, then unbound again. */
    const linear = Effect.map(repository, (folder) => {
      commit(folder, withSalt("old"), "Begin")
      commit(folder, withSalt("bound"), "Bind")
      commit(folder, withSalt("bound", '"A": "…"'), "Set a secret")
      commit(folder, withSalt("old"), "Refactor")
      return folder
    })
    const all = ["Refactor", "Bind", "Begin"]

    it.scoped("are those that changed it", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* versionsIn(yield* linear), { subjects: all, missing: null })
      })
    )

    it.scoped("include those of a branch that a merge threw away", () =>
      Effect.gen(function* () {
        const folder = yield* repository
        commit(folder, withSalt("old"), "Begin")
        gitIn(folder, "checkout", "-q", "-b", "side")
        commit(folder, withSalt("bound"), "Bind")
        gitIn(folder, "checkout", "-q", "main")
        gitIn(folder, "commit", "-q", "--allow-empty", "-m", "Ahead")
        gitIn(folder, "merge", "-q", "--strategy=ours", "-m", "Merge", "side")
        assert.include((yield* versionsIn(folder)).subjects, "Bind")
      })
    )

    it.scoped("include what a merge alone brought in and the next commit took away", () =>
      Effect.gen(function* () {
        const folder = yield* repository
        commit(folder, withSalt("old"), "Begin")
        gitIn(folder, "checkout", "-q", "-b", "side")
        gitIn(folder, "commit", "-q", "--allow-empty", "-m", "Aside")
        gitIn(folder, "checkout", "-q", "main")
        gitIn(folder, "commit", "-q", "--allow-empty", "-m", "Ahead")
        gitIn(folder, "merge", "-q", "--no-commit", "--no-ff", "side")
        commit(folder, withSalt("bound"), "Merge and bind")
        commit(folder, withSalt("old"), "Refactor")
        assert.include((yield* versionsIn(folder)).subjects, "Merge and bind")
      })
    )

    it.scoped("are not hidden by attributes, by the repository's configuration, or by replaced objects", () =>
      Effect.gen(function* () {
        const folder = yield* linear
        plant(folder, { ".gitattributes": "*.json -diff -text binary\n" })
        gitIn(folder, "add", ".gitattributes")
        gitIn(folder, "commit", "-q", "-m", "Attributes")
        for (const [key, value] of [
          ["log.showRoot", "false"],
          ["log.diffMerges", "off"],
          ["log.follow", "true"],
          ["diff.renames", "copies"],
          ["diff.noprefix", "true"]
        ] as const)
          gitIn(folder, "config", key, value)
        const refactor = gitIn(folder, "log", "-1", "--format=%H", "--", path).trim()
        gitIn(folder, "replace", "--graft", refactor)
        assert.deepStrictEqual(yield* versionsIn(folder), { subjects: all, missing: null })
      })
    )

    it.scoped("are incomplete in a shallow clone and in one without all contents", () =>
      Effect.gen(function* () {
        const folder = yield* linear
        gitIn(folder, "config", "uploadpack.allowFilter", "true")
        const clone = (...options: ReadonlyArray<string>) =>
          Effect.map(temporaryFolder, (into) => {
            gitIn(into, "clone", "-q", ...options, `file://${folder}`, "clone")
            return Path.join(into, "clone")
          })
        const shallow = yield* clone("--depth=1")
        assert.deepStrictEqual(yield* versionsIn(shallow), { subjects: ["Refactor"], missing: "shallow" })
        assert.strictEqual((yield* versionsIn(yield* clone("--filter=blob:none"))).missing, "failed")
        assert.deepStrictEqual(yield* versionsIn(yield* clone()), { subjects: all, missing: null })
      })
    )

    it.scoped("are none before the first commit and outside of a repository, and unknown without git", () =>
      Effect.gen(function* () {
        const none = { subjects: [], missing: null }
        assert.deepStrictEqual(yield* versionsIn(yield* repository), none)
        const outside = yield* temporaryFolder
        plant(outside, { [path]: withSalt("old") })
        assert.deepStrictEqual(yield* versionsIn(outside), none)
        const folder = yield* linear
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            const kept = process.env.PATH
            process.env.PATH = "/nowhere"
            return kept
          }),
          (kept) =>
            Effect.sync(() => {
              process.env.PATH = kept
            })
        )
        assert.deepStrictEqual(yield* versionsIn(folder), { subjects: [], missing: "failed" })
      })
    )

    it.scoped("are found where the file is a link", () =>
      Effect.gen(function* () {
        const folder = yield* repository
        plant(folder, { "config/secrets.json": withSalt("bound") })
        Fs.mkdirSync(Path.join(folder, ".tako"))
        Fs.symlinkSync("../config/secrets.json", Path.join(folder, path))
        gitIn(folder, "add", "--force", ".")
        gitIn(folder, "commit", "-q", "-m", "Bind")
        assert.deepStrictEqual((yield* versionsIn(folder)).subjects, ["Bind"])
      })
    )
  })

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
