import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import { bin, type FileOf, makeSandbox, type Sandbox } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import * as Pty from "../../support/pty.ts"
import { type Expected, readJson } from "../../support/vectors.ts"

// An environment as the original writes it, and what somebody who can write to the repository makes of it.

const plain = readJson<FileOf>("plain.secrets.json").production ?? assert.fail()
const { passphrase, environments } = readJson<Expected>("plain.expected.json")
const id = environments.production?.cacheFile ?? assert.fail()
const swapped = {
  ...plain,
  secrets: {
    ...plain.secrets,
    DATABASE_URL: plain.secrets.STRIPE_KEY ?? "",
    STRIPE_KEY: plain.secrets.DATABASE_URL ?? ""
  }
}

const production = ["--env", "production"]
const withPassphrase = { TAKO_PASSPHRASE: passphrase }
const program = ["--", process.execPath, "-e", "process.stdout.write(require('fs').readFileSync(3))"]

const commit = async ({ file, git, writeFile }: Sandbox, message: string, environment?: FileOf[string]) => {
  if (environment !== undefined) writeFile({ production: environment })
  await git("add", "--force", file)
  const { code, stderr } = await git("commit", "--quiet", "-m", message)
  assert.strictEqual(code, 0, stderr)
  return (await git("rev-parse", "--short=12", "HEAD")).stdout.trim()
}

/** Committed as the original wrote it. */
const original = async () => {
  const sandbox = await makeSandbox()
  await commit(sandbox, "Begin", plain)
  return sandbox
}

/** Bound in a second commit, under the same passphrase. */
const bound = async () => {
  const sandbox = await original()
  const rotated = await sandbox.tako(["secrets", "key", "rotate", "--same-passphrase", ...production], {
    variables: withPassphrase
  })
  assert.strictEqual(rotated.code, 0, rotated.stderr)
  assert.include(rotated.stderr, "The version from before still opens with this passphrase.")
  return { sandbox, hash: await commit(sandbox, "Bind production") }
}

/** Runs tako on another machine, in this folder. */
const elsewhere =
  ({ folder, tako, project }: Sandbox, machine: string, directory = project) =>
  (args: ReadonlyArray<string>, variables: Readonly<Record<string, string>> = {}) =>
    tako(args, {
      directory,
      variables: { TAKO_HOME: Path.join(folder, machine), ...withPassphrase, ...variables }
    })

describe("values that are not bound to their names", () => {
  it("are refused until somebody agrees, with the command to type", async () => {
    const sandbox = await original()
    const tako = elsewhere(sandbox, "ci")
    const commands = [
      ["run", ...production, ...program],
      ["secrets", "get", "STRIPE_KEY", ...production],
      ["secrets", "set", "NEW", ...production],
      ["secrets", "verify"],
      ["secrets", "key", "export", "--stdout", ...production],
      ["secrets", "key", "derive", ...production]
    ]
    for (const args of commands) {
      const refused = await tako(args)
      assert.strictEqual(refused.code, 4, args.join(" "))
      assert.include(refused.stderr, `--allow-unbound ${id} or set TAKO_ALLOW_UNBOUND=${id}`)
      for (const value of Object.values(environments.production?.values ?? {}).filter(Boolean)) {
        assert.notInclude(refused.stdout + refused.stderr, value)
      }
    }
    const run = ["run", ...production]
    const byFlag = await tako([...run, "--allow-unbound", id, ...program])
    assert.strictEqual(byFlag.code, 0, byFlag.stderr)
    assert.include(byFlag.stdout, '"environment":"production"')
    assert.strictEqual((await tako([...run, ...program], { TAKO_ALLOW_UNBOUND: id })).code, 0)
    const verified = await tako(["secrets", "verify", "--json", "--allow-unbound", id])
    assert.strictEqual(verified.code, 0, verified.stderr)
    assert.include(verified.stdout, '"marked": false')

    const other = await tako([...run, "--allow-unbound", "0123456789abcdef", ...program], {
      TAKO_ALLOW_UNBOUND: id
    })
    assert.strictEqual(other.code, 4)
    assert.include(other.stderr, "is set, but does not allow this one")
    const noId = await tako([...run, "--allow-unbound", "canary", ...program])
    assert.strictEqual(noId.code, 2)
    assert.notInclude(noId.stderr, "canary")
    const unbound = await tako(["secrets", "verify", "--json"])
    assert.deepInclude(JSON.parse(unbound.stdout).environments[0], { state: "unbound", key_id: id })
  })

  it("are used by a machine that agreed when it joined, and refused there once they are bound", async () => {
    const sandbox = await original()
    const tako = elsewhere(sandbox, "laptop")
    const joined = await tako(["secrets", "key", "derive", ...production, "--allow-unbound", id])
    assert.strictEqual(joined.code, 0, joined.stderr)
    const pins = Fs.readFileSync(Path.join(sandbox.folder, "laptop", "pins.json"), "utf8")
    assert.include(pins, `{"id":"${id}","unbound":true}`)
    assert.strictEqual((await tako(["run", ...production, ...program])).code, 0)
    assert.strictEqual((await tako(["secrets", "key", "rotate", "--same-passphrase", ...production])).code, 0)
    sandbox.writeFile({ production: swapped })
    for (const variables of [{}, { TAKO_ALLOW_UNBOUND: id }]) {
      const refused = await tako(["run", ...production, ...program], variables)
      assert.deepInclude(refused, { code: 4, stdout: "" })
      assert.include(refused.stderr, "was replaced")
    }
  })
})

describe.skipIf(!needs("git"))(
  "a version from before the values were bound, put back with values swapped",
  () => {
    const trusting = [
      ["derive", ...production],
      ["import", ...production],
      ["rotate", "--same-passphrase", ...production],
      ["rotate", "--generate", ...production]
    ]

    /** Refused to everything, on machines without pins, whatever they allow; and nothing is changed. */
    const refusedIn = async (sandbox: Sandbox, hash: string, directory = sandbox.project) => {
      const before = Fs.readFileSync(Path.join(directory, ".tako", "secrets.json"), "utf8")
      for (const [n, args] of trusting.entries()) {
        const tako = elsewhere(sandbox, `machine-${n}`, directory)
        const refused = await tako(["secrets", "key", ...args], { TAKO_ALLOW_UNBOUND: id })
        assert.strictEqual(refused.code, 4, `${args.join(" ")}: ${refused.stderr}`)
        assert.include(refused.stderr, `It was bound in ${hash}, Ada,`)
        assert.include(refused.stderr, `git restore --source ${hash} .tako/secrets.json`)
      }
      const verified = await elsewhere(sandbox, "ci", directory)(["secrets", "verify", "--json"])
      assert.strictEqual(verified.code, 4)
      assert.include(verified.stdout, '"state": "downgraded"')
      assert.strictEqual(Fs.readFileSync(Path.join(directory, ".tako", "secrets.json"), "utf8"), before)
    }

    it("is refused with the commit in which they were", async () => {
      const { sandbox, hash } = await bound()
      sandbox.writeFile({ production: swapped })
      await refusedIn(sandbox, hash)
      await commit(sandbox, "Refactor")
      await refusedIn(sandbox, hash)
      const restored = await sandbox.git("restore", "--source", hash, ".tako/secrets.json")
      assert.strictEqual(restored.code, 0, restored.stderr)
      assert.strictEqual(
        (await elsewhere(sandbox, "new")(["secrets", "key", "derive", ...production])).code,
        0
      )
    })

    it("is refused where a merge threw the bound version away, or attributes hide it", async () => {
      const { sandbox, hash } = await bound()
      await sandbox.git("checkout", "--quiet", "-b", "evil", "HEAD~1")
      Fs.writeFileSync(
        Path.join(sandbox.project, ".gitattributes"),
        "*.json -diff\n.tako/secrets.json binary\n"
      )
      await sandbox.git("add", ".gitattributes")
      await commit(sandbox, "Refactor", swapped)
      const merged = await sandbox.git("merge", "--quiet", "--strategy=ours", "-m", "Merge", "@{-1}")
      assert.strictEqual(merged.code, 0, merged.stderr)
      await refusedIn(sandbox, hash)
    })

    it("may be there in a shallow clone, which says that it could not look", async () => {
      const { sandbox, hash } = await bound()
      await commit(sandbox, "Refactor", swapped)
      const clone = Path.join(sandbox.folder, "clone")
      const cloned = await sandbox.git("clone", "--quiet", "--depth=1", `file://${sandbox.project}`, clone)
      assert.strictEqual(cloned.code, 0, cloned.stderr)
      for (const args of trusting) {
        const refused = await elsewhere(sandbox, "shallow", clone)(["secrets", "key", ...args])
        assert.strictEqual(refused.code, 4, `${args.join(" ")}: ${refused.stderr}`)
        assert.include(refused.stderr, "This clone is shallow, so tako could not look")
        assert.include(refused.stderr, "git fetch --unshallow")
      }
      await sandbox.git("-C", clone, "fetch", "--quiet", "--unshallow")
      await refusedIn(sandbox, hash, clone)
    })

    it("is asked about where there is no git", async () => {
      const { sandbox } = await bound()
      sandbox.writeFile({ production: swapped })
      Fs.rmSync(Path.join(sandbox.project, ".git"), { recursive: true })
      const tako = elsewhere(sandbox, "without-git")
      assert.strictEqual((await tako(["run", ...production, ...program])).code, 4)
      assert.strictEqual((await tako(["secrets", "key", "derive", ...production])).code, 4)
    })
  }
)

describe.skipIf(!needs("python3"))("at a terminal", () => {
  it("derive asks once, before it asks for the passphrase", async () => {
    const { project, variables, tako } = await original()
    const derive = (steps: ReadonlyArray<Pty.Step>) =>
      Pty.play({
        command: [process.execPath, bin, "secrets", "key", "derive", ...production],
        directory: project,
        environment: { ...variables, TERM: "xterm-256color" },
        steps: [...steps, Pty.exit]
      })
    const question = Pty.wait("Use it as it is on this machine?")
    const declined = await derive([question, Pty.send("n\r")])
    assert.deepStrictEqual(declined.exit, { code: 1 })
    const askPassphrase = Pty.wait("Passphrase for environment production")
    const type = Pty.send(`${passphrase}\r`)
    const ready = Pty.untilFlags({ ECHO: false })
    const agreed = await derive([question, Pty.send("y\r"), askPassphrase, ready, type])
    assert.deepStrictEqual(agreed.exit, { code: 0 })
    assert.strictEqual((await tako(["run", ...production, ...program])).code, 0)
    const again = await derive([askPassphrase, ready, type])
    assert.deepStrictEqual(again.exit, { code: 0 })
    assert.notInclude(again.output, "Use it as it is")
  })
})
