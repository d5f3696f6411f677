import * as Fs from "node:fs"
import { assert, describe, it } from "vitest"
import { passphrase, type Sandbox, sandboxWith } from "../../support/cli.ts"
import { eventually } from "../../support/eventually.ts"
import { childrenOf, startRun } from "./started.ts"

const canary = "canary-value-7c1f"
const linux = process.platform === "linux"

const temporary = ({ folder }: Sandbox) =>
  Fs.readdirSync(folder).filter((name) => name.startsWith("tako-pipe-"))

describe("what a program gets from tako run", () => {
  it("is our environment and TAKO_PIPE, and nothing that opens secrets", async () => {
    const { tako, variables } = await sandboxWith({ development: { A: canary } })
    const ended = await tako(["run", "env", "-0"], {
      variables: {
        TAKO_PASSPHRASE: passphrase,
        TAKO_PASSPHRASE_FILE: "/nonexistent",
        TAKO_KEY: "none",
        TAKO_KEY_FILE: "/nonexistent",
        TAKO_PIPE: "1:1",
        TAKO_ENV: "development",
        KEPT: "a=b\nc"
      }
    })
    assert.strictEqual(ended.code, 0, ended.stderr)
    const seen = ended.stdout.split("\0").filter((each) => each !== "")
    const expected = { ...variables, TAKO_ENV: "development", KEPT: "a=b\nc" }
    assert.sameMembers(
      seen.filter((each) => !each.startsWith("TAKO_PIPE=")),
      Object.entries(expected).map(([name, value]) => `${name}=${value}`)
    )
    const [pipe, ...more] = seen.filter((each) => each.startsWith("TAKO_PIPE="))
    assert.match(pipe ?? "", /^TAKO_PIPE=\d+:\d+$/)
    assert.notStrictEqual(pipe, "TAKO_PIPE=1:1")
    assert.lengthOf(more, 0)
  })

  it("includes the environment's name in the pipe, not in a variable", async () => {
    const { tako } = await sandboxWith({ production: { A: canary } })
    const { stdout } = await tako(["run", "--env", "production", "sh", "-c", 'cat <&3; echo "|$ENV"'])
    const [envelope = "", variable] = stdout.split("|")
    const { token, ...rest } = JSON.parse(envelope)
    assert.deepStrictEqual(rest, { secrets: { A: canary }, environment: "production" })
    assert.strictEqual(variable, "\n")
  })

  it("includes the secrets with --as-env, after one warning", async () => {
    const { tako } = await sandboxWith({ development: { A: canary, B: "two\nlines" } })
    const ended = await tako(["run", "--as-env", "sh", "-c", 'printf "%s|%s|" "$A" "$B"; cat <&3'])
    assert.strictEqual(ended.code, 0)
    const [a, b, envelope] = ended.stdout.split("|")
    assert.deepStrictEqual([a, b], [canary, "two\nlines"])
    assert.deepStrictEqual(JSON.parse(envelope ?? "").secrets, { A: canary, B: "two\nlines" })
    assert.match(ended.stderr, /^warning: [^\n]*--as-env[^\n]*\n$/)
  })

  it("is nothing at all with --as-env if a value cannot be a variable", async () => {
    const { tako, project } = await sandboxWith({ development: { WITH_NUL: "can\0ary" } })
    const ended = await tako(["run", "--as-env", "touch", "mark"])
    assert.strictEqual(ended.code, 2)
    assert.include(ended.stderr, "WITH_NUL holds a NUL character")
    assert.notInclude(ended.stderr, "ary")
    assert.isFalse(Fs.existsSync(`${project}/mark`))
    const large = await sandboxWith({ development: { LARGE: "v".repeat(200_000) } })
    const refused = await large.tako(["run", "--as-env", "true"])
    if (linux) assert.deepStrictEqual([refused.code, refused.stdout], [126, ""])
    if (linux) assert.match(refused.stderr, /true was not started: .*exceed the system's limit \(E2BIG\)\n$/)
  })

  it.runIf(linux)("is in nobody's environment or arguments, and in four open files", async () => {
    const sandbox = await sandboxWith({ development: { A: canary } })
    const script = "const fs = require('fs'); console.log('up'); setInterval(() => {}, 1000)"
    const run = startRun(
      sandbox,
      ["sh", "-c", "ls /proc/$$/fd | tr '\\n' ' '; exec node -e \"$0\"", script],
      {
        TAKO_PASSPHRASE: passphrase
      }
    )
    await run.waitFor("up")
    // Descriptors above 16 may be inherited from whoever runs the tests: Node passes them on.
    const open = run
      .stdout()
      .split("\n")[0]
      ?.trim()
      .split(" ")
      .map(Number)
      .filter((fd) => fd <= 16)
    assert.deepStrictEqual(open?.sort((a, b) => a - b).slice(0, 4), [0, 1, 2, 3])
    const [child] = childrenOf(run.pid)
    for (const pid of [run.pid, child]) {
      for (const file of ["environ", "cmdline"]) {
        assert.notInclude(Fs.readFileSync(`/proc/${pid}/${file}`, "latin1"), canary)
      }
    }
    assert.notInclude(Fs.readFileSync(`/proc/${child}/environ`, "latin1"), passphrase)
    assert.deepStrictEqual(temporary(sandbox), [])
    const pipe = Fs.statSync(`/proc/${child}/fd/3`, { bigint: true })
    assert.isTrue(pipe.isFIFO())
    assert.include(
      Fs.readFileSync(`/proc/${child}/environ`, "latin1").split("\0"),
      `TAKO_PIPE=${pipe.dev}:${pipe.ino}`
    )
  })

  it.runIf(linux)("leaves nothing in the temporary folder if tako is killed", async () => {
    const sandbox = await sandboxWith({ development: { A: canary } })
    const run = startRun(sandbox, ["sh", "-c", "echo up; exec sleep 1000"])
    await run.waitFor("up")
    run.kill("SIGKILL")
    assert.strictEqual(await run.end, "SIGKILL")
    assert.deepStrictEqual(temporary(sandbox), [])
  })

  it.runIf(linux)("stays readable if tako is killed before it is read", async () => {
    const sandbox = await sandboxWith({ development: { A: canary } })
    const run = startRun(sandbox, [
      "sh",
      "-c",
      `echo up; while kill -0 $PPID 2>/dev/null && [ "$(ps -o stat= -p $PPID | head -c1)" != Z ]; do sleep 0.01; done; cat <&3 >read.tmp; mv read.tmp read`
    ])
    await run.waitFor("up")
    run.kill("SIGKILL")
    await run.end
    const text = await eventually("the envelope", () => {
      try {
        return Fs.readFileSync(`${sandbox.project}/read`, "utf8")
      } catch {
        return undefined
      }
    })
    assert.strictEqual(JSON.parse(text).secrets.A, canary)
  })
})
