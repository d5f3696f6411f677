import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import { bin, makeSandbox, passphrase, runToEnd, type Sandbox, sandboxWith } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"

const env = ["--env", "production"]

/** Two branches from one commit, each with its own change; "ours" is checked out. */
const twoBranches = async (ours: ReadonlyArray<string>, theirs: ReadonlyArray<string>): Promise<Sandbox> => {
  const sandbox = await sandboxWith({ production: { DATABASE_URL: "v", STRIPE_KEY: "v" } })
  const { tako, git } = sandbox
  const commit = async (names: ReadonlyArray<string>) => {
    for (const name of names) {
      const { code, stderr } = await tako(["secrets", "set", name, ...env], { stdin: `canary of ${name}` })
      assert.strictEqual(code, 0, stderr)
    }
    await git("add", "--all")
    await git("commit", "--quiet", "--allow-empty", "--message", "change")
  }
  await commit([])
  await git("checkout", "--quiet", "-b", "ours")
  await git("checkout", "--quiet", "-b", "theirs")
  await commit(theirs)
  await git("checkout", "--quiet", "ours")
  await commit(ours)
  return sandbox
}

describe("a team", () => {
  it("merges branches whose changes are not adjacent automatically", async () => {
    const { tako, git } = await twoBranches(["API_KEY"], ["MAIL_KEY"])
    const merge = await git("merge", "--no-edit", "theirs")
    assert.strictEqual(merge.code, 0, merge.stdout)
    const verify = await tako(["secrets", "verify"])
    assert.include(verify.stdout, "production    4 of 4")
  })

  it("is told about a conflict, and can resolve it as the message says", async () => {
    const { tako, git, file } = await twoBranches(["SENTRY_DSN"], ["REDIS_URL"])
    assert.strictEqual((await git("merge", "--no-edit", "theirs")).code, 1)
    for (const args of [
      ["secrets", "ls"],
      ["run", ...env, "true"]
    ]) {
      const refused = await tako(args)
      assert.deepStrictEqual([refused.code, refused.stdout], [4, ""])
      assert.include(
        refused.stderr,
        "is damaged: it contains a merge conflict. Nothing was changed.\nIn an editor, "
      )
    }
    const text = Fs.readFileSync(file, "utf8")
    Fs.writeFileSync(file, text.replace(/^(?:<{7}|={7}|>{7}).*\n/gm, ""))
    const verify = await tako(["secrets", "verify"])
    assert.deepStrictEqual([verify.code, verify.stdout.includes("production    4 of 4")], [0, true])
    for (const name of ["SENTRY_DSN", "REDIS_URL"]) {
      assert.strictEqual((await tako(["secrets", "get", name, ...env])).stdout, `canary of ${name}\n`)
    }
  })

  it("is told about a duplicate name, and about a missing comma", async () => {
    const { tako, writeFile } = await makeSandbox()
    writeFile('{"a":{},"a":{}}')
    assert.match((await tako(["secrets", "ls"])).stderr, /appears twice in one object.*\n.*each name once/)
    writeFile('{"a":{} "b":{}}')
    assert.include(
      (await tako(["secrets", "ls"])).stderr,
      "it is not JSON (is there a missing or an extra comma?)"
    )
  })
})

describe.skipIf(!needs("jq"))("an environment", () => {
  it("can copy an environment as docs/team.md says", async () => {
    const value = "-----BEGIN\ncanary\n-----END\n"
    const { tako, variables, project } = await sandboxWith({
      staging: { A: `${value}\n`, B: "v" },
      production: { C: "v" }
    })
    const text = Fs.readFileSync(Path.resolve(import.meta.dirname, "../../../docs/team.md"), "utf8")
    const loop = /^ {4}tako secrets ls --json \|.*\n(?: {6}.*\n)+/m.exec(text)?.[0] ?? assert.fail()
    const copied = await runToEnd("sh", ["-c", `tako() { "${process.execPath}" "${bin}" "$@"; }\n${loop}`], {
      directory: project,
      variables: { ...variables, TAKO_PASSPHRASE: "of the copy, and long" }
    })
    assert.strictEqual(copied.code, 0, copied.stderr)
    const ended = await tako(["run", "--env", "preview", "--", "sh", "-c", "cat <&3"], {
      variables: { TAKO_PASSPHRASE: "of the copy, and long" }
    })
    assert.deepStrictEqual(JSON.parse(ended.stdout).secrets, { A: value, B: "v" })
  })
})

describe("a machine that keeps no keys", () => {
  it("needs no home when the passphrase is set", async () => {
    const { tako } = await sandboxWith({ production: { A: "v" } })
    // /dev/null is not a directory, so even root cannot create anything below it.
    const variables = { TAKO_HOME: "/dev/null/tako" }
    const outOfReach =
      "  this machine's key cache cannot be read: /dev/null/tako: part of its path is not a directory (ENOTDIR)\n"
    const next =
      "Set TAKO_PASSPHRASE or TAKO_KEY, or point TAKO_HOME at a folder of yours that has the key.\n"
    const alone = await tako(["secrets", "get", "A", ...env], { variables })
    assert.deepStrictEqual(
      [alone.code, alone.stdout, alone.stderr],
      [3, "", `error: There is no key for environment production here.\n${outOfReach}${next}`]
    )
    const wrong = await tako(["secrets", "get", "A", ...env], {
      variables: { ...variables, TAKO_PASSPHRASE: "another" }
    })
    assert.deepStrictEqual([wrong.code, wrong.stdout], [3, ""])
    assert.include(wrong.stderr, `${outOfReach}  TAKO_PASSPHRASE opens none of its values\n${next}`)
    const given = await tako(["run", ...env, "--", "sh", "-c", "cat <&3"], {
      variables: { ...variables, TAKO_PASSPHRASE: passphrase }
    })
    assert.strictEqual(given.code, 0, given.stderr)
    assert.deepStrictEqual(JSON.parse(given.stdout).secrets, { A: "v" })
  })

  it("fails if the given passphrase opens no environment", async () => {
    const { tako, folder } = await sandboxWith({ production: { A: "v" }, staging: { A: "v" } })
    await tako(["secrets", "key", "rotate", "--generate", "--env", "staging"])
    const verify = (given: string) =>
      tako(["secrets", "verify"], {
        variables: { TAKO_HOME: `${folder}/nowhere`, TAKO_PASSPHRASE: given }
      })
    // Empty as a missing secret in GitHub Actions is, and outdated as after a rotation.
    for (const [given, because] of [
      ["", "is empty"],
      ["of before", "opens none of its values"]
    ] as const) {
      const { code, stderr, stdout } = await verify(given)
      assert.deepStrictEqual([code, stdout.includes("production    no key here")], [3, true])
      assert.include(
        stderr,
        `\nproduction: TAKO_PASSPHRASE ${because}; join with tako secrets key derive --env production\n`
      )
    }
    const one = await verify(passphrase)
    assert.strictEqual(one.code, 0, one.stderr)
    assert.include(one.stderr, "\nstaging: TAKO_PASSPHRASE opens none of its values; join with ")
  })

  it("verifies with a passphrase when its home cannot be read", async () => {
    const { tako } = await sandboxWith({ production: { A: "v" }, staging: { A: "v" } })
    await tako(["secrets", "key", "rotate", "--generate", "--env", "staging"])
    const variables = { TAKO_HOME: "/dev/null/tako", TAKO_PASSPHRASE: passphrase }
    const { code, stderr, stdout } = await tako(["secrets", "verify"], { variables })
    assert.strictEqual(code, 0, stderr)
    assert.match(stdout, /^production {4}1 of 1 .*\nstaging {7}no key here\n/m)
    assert.include(stderr, "\nstaging: this machine's key cache cannot be read: /dev/null/tako: ")
    const keys = await tako(["secrets", "key", "ls"], { variables })
    assert.deepStrictEqual([keys.code, keys.stdout.includes("TAKO_PASSPHRASE")], [0, true])
  })

  it("gets advice that fits what is missing", async () => {
    const { tako } = await sandboxWith({ production: { A: "v" } })
    const derive = ["secrets", "key", "derive"]
    const { stderr: joining } = await tako([...derive, ...env], {
      variables: { TAKO_PASSPHRASE: "another" }
    })
    assert.include(joining, "\nAsk your team for the passphrase of production; ")
    assert.notInclude(joining, "key derive")
    const created = await tako([...derive, "--env", "qa", "--create"])
    assert.deepStrictEqual(
      [created.code, created.stderr],
      [
        3,
        "error: Environment qa is new, and there is no passphrase for it.\n  a prompt is not possible without a terminal\nChoose one on a terminal, or set TAKO_PASSPHRASE.\n"
      ]
    )
  })

  it("is told that an environment without values has nothing to re-encrypt", async () => {
    const { tako } = await sandboxWith({ production: { A: "v" } })
    await tako(["secrets", "rm", "A", ...env, "--yes"])
    const rotate = await tako(["secrets", "key", "rotate", "--generate", ...env])
    assert.strictEqual(rotate.code, 3)
    assert.include(rotate.stderr, "remove it from .tako/secrets.json; its first secret creates it again")
  })
})
