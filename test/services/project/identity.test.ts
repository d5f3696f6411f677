import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { identityOf } from "../../../src/services/project/root.ts"
import { needs } from "../../support/needs.ts"
import { plant, temporaryFolder } from "./folder.ts"

const gitIn = (folder: string, ...commandLine: ReadonlyArray<string>) =>
  ChildProcess.execFileSync(
    "git",
    ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always", ...commandLine],
    {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, HOME: folder },
      encoding: "utf8"
    }
  )

describe("a project's identity", () => {
  it.scoped("is its real path outside of a repository", () =>
    Effect.map(temporaryFolder, (folder) => assert.strictEqual(identityOf(folder), folder))
  )

  it.scoped("does not come from a .git that leads elsewhere", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const victim = Path.join(folder, "victim/.git")
      const archive = Path.join(folder, "archive")
      plant(folder, {
        "victim/.git/HEAD": "ref: refs/heads/main\n",
        "victim/.git/worktrees/real/gitdir": `${folder}/victim-2/.git\n`,
        "archive/evil/gitdir": `${archive}/.git\n`,
        "archive/evil/commondir": `${victim}\n`,
        "archive/evil/HEAD": "",
        "archive/worktrees/evil/gitdir": `${archive}/.git\n`,
        "archive/worktrees/evil/commondir": `${victim}\n`
      })
      for (const target of [
        victim,
        Path.join(victim, "worktrees/real"),
        Path.join(archive, "evil"),
        Path.join(archive, "worktrees/evil"),
        "../victim/.git",
        "nowhere",
        ""
      ]) {
        Fs.writeFileSync(Path.join(archive, ".git"), `gitdir: ${target}\n`)
        assert.strictEqual(identityOf(archive), archive, target)
      }
      Fs.rmSync(Path.join(archive, ".git"))
      Fs.symlinkSync(victim, Path.join(archive, ".git"))
      assert.strictEqual(identityOf(archive), archive)
      Fs.rmSync(Path.join(archive, ".git"))
      plant(archive, { ".git/commondir": `${victim}\n`, ".git/HEAD": "" })
      assert.strictEqual(identityOf(archive), `${archive}/.git:.`)
    })
  )

  describe.skipIf(!needs("git"))("with git", () => {
    it.scoped("is the repository and the path within it, in each of its work trees", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const main = Path.join(folder, "main")
        plant(folder, { "main/packages/api/x": "", "main/packages/web/x": "" })
        gitIn(main, "init", "-q")
        gitIn(main, "add", ".")
        gitIn(main, "commit", "-q", "-m", "first")
        gitIn(main, "worktree", "add", "-q", Path.join(folder, "linked"))
        assert.strictEqual(identityOf(main), `${main}/.git:.`)
        const api = identityOf(Path.join(main, "packages/api"))
        assert.strictEqual(api, `${main}/.git:packages/api`)
        assert.strictEqual(identityOf(Path.join(folder, "linked/packages/api")), api)
        assert.strictEqual(identityOf(Path.join(folder, "linked")), identityOf(main))
        assert.notStrictEqual(identityOf(Path.join(main, "packages/web")), api)
        // Compares with git's own answer.
        const common = gitIn(Path.join(folder, "linked"), "rev-parse", "--git-common-dir").trim()
        assert.isTrue(api.startsWith(`${common}:`))
      })
    )

    it.scoped("is a submodule's own", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        plant(folder, { "library/x": "", "main/x": "" })
        for (const name of ["library", "main"]) {
          gitIn(Path.join(folder, name), "init", "-q")
          gitIn(Path.join(folder, name), "add", ".")
          gitIn(Path.join(folder, name), "commit", "-q", "-m", "first")
        }
        const main = Path.join(folder, "main")
        gitIn(main, "submodule", "--quiet", "add", Path.join(folder, "library"), "lib")
        assert.strictEqual(identityOf(Path.join(main, "lib")), `${main}/.git/modules/lib:.`)
      })
    )
  })
})
