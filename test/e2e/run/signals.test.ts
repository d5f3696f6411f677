import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import { sandboxWith } from "../../support/cli.ts"
import { eventually } from "../../support/eventually.ts"
import { reportedPid, startRun } from "./started.ts"

const secrets = { development: { A: "v" } }

/** A program that prints each of these signals and survives them. */
const traps = (names: ReadonlyArray<string>) => [
  process.execPath,
  "-e",
  `for (const name of ${JSON.stringify(names)}) process.on(name, () => console.log("got " + name))
   console.log("pid=" + process.pid + " up")
   setInterval(() => {}, 1000)`
]

describe("tako run and signals", () => {
  it("ends by the signal that killed the program", async () => {
    const sandbox = await sandboxWith(secrets)
    for (const name of ["TERM", "KILL", "HUP", "INT", "USR1", "USR2", "PIPE", "ALRM"]) {
      const { end, stderr } = startRun(sandbox, ["sh", "-c", `kill -${name} $$`])
      assert.strictEqual(`${await end}`, `SIG${name}`)
      assert.strictEqual(stderr(), "")
    }
  })

  it("exits with 128 plus the number of a signal that dumps core, without a core dump of its own", async () => {
    const sandbox = await sandboxWith(secrets)
    for (const [name, code] of [
      ["QUIT", 131],
      ["ABRT", 134],
      ["SEGV", 139]
    ] as const) {
      const { end } = startRun(sandbox, ["sh", "-c", `ulimit -c 0; kill -${name} $$`])
      assert.strictEqual(await end, code)
    }
    assert.notInclude(Fs.readdirSync(sandbox.project).join(), "core")
  })

  const passed = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"] as const

  it("forwards signals that only it receives, each as often as it arrives", async () => {
    const sandbox = await sandboxWith(secrets)
    const run = startRun(sandbox, traps(passed))
    await run.waitFor("up")
    for (const name of [...passed, ...passed]) {
      run.kill(name)
      await run.waitFor(`got ${name}\n`)
    }
    process.kill(reportedPid(run.stdout()), "SIGKILL")
    assert.strictEqual(await run.end, "SIGKILL")
    // SIGUSR1 did not start an inspector.
    assert.strictEqual(run.stderr(), "")
    assert.strictEqual(run.stdout().match(/got/g)?.length, 2 * passed.length)
  })

  it.each(passed)("ends as a program that does not trap %s does", async (name) => {
    const sandbox = await sandboxWith(secrets)
    const run = startRun(sandbox, ["sh", "-c", "ulimit -c 0; echo up; exec sleep 1000"])
    await run.waitFor("up")
    run.kill(name)
    assert.strictEqual(await run.end, name === "SIGQUIT" ? 131 : name)
    assert.strictEqual(run.stderr(), "")
  })

  it("exits with the code of a program that traps", async () => {
    const sandbox = await sandboxWith(secrets)
    const script = "trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"
    const run = startRun(sandbox, ["sh", "-c", script])
    await run.waitFor("up")
    run.kill("SIGTERM")
    assert.strictEqual(await run.end, 3)
  })

  it("keeps running if the program ignores the signal", async () => {
    const sandbox = await sandboxWith(secrets)
    const script = "trap '' TERM INT; trap 'exit 4' HUP; echo up; while :; do sleep 0.05; done"
    const run = startRun(sandbox, ["sh", "-c", script])
    await run.waitFor("up")
    run.kill("SIGTERM")
    run.kill("SIGINT")
    run.kill("SIGHUP")
    assert.strictEqual(await run.end, 4)
  })

  it("loses none of a burst of signals, whenever it arrives", async () => {
    const sandbox = await sandboxWith(secrets)
    const mark = Path.join(sandbox.project, "mark")
    for (let attempt = 0; attempt < 20; attempt++) {
      Fs.rmSync(mark, { force: true })
      const run = startRun(sandbox, ["sh", "-c", ": >mark; sleep 1000"])
      let ended = false
      void run.end.then(() => {
        ended = true
      })
      // The burst begins ever later in tako's start. No signal may be lost, however early it comes.
      const until = performance.now() + 30 + attempt * 15
      await eventually("its moment", () => performance.now() > until)
      for (let count = 0; count < 5; count++) run.kill("SIGTERM")
      await eventually("the end after a burst", () => ended)
      const end = await run.end
      // 143 if tako was interrupted before it started the program.
      assert.include(Fs.existsSync(mark) ? ["SIGTERM"] : ["SIGTERM", 143], end)
    }
  })

  // A program that has changed its user may not be signalled (kill(2)). EPERM must harm neither it nor tako.
  const canSwitch =
    process.getuid?.() === 0 && Fs.existsSync("/usr/bin/setpriv") && process.platform === "linux"
  it.runIf(canSwitch)("survives a program that it is not allowed to signal", async () => {
    const sandbox = await sandboxWith({ development: { A: "v".repeat(500_000) } })
    const setpriv = Path.join(sandbox.project, "setpriv")
    Fs.copyFileSync("/usr/bin/setpriv", setpriv)
    for (const args of [
      ["-R", "65534:65534", sandbox.folder],
      ["root:root", setpriv]
    ]) {
      assert.strictEqual(spawnSync("chown", args).status, 0)
    }
    Fs.chmodSync(sandbox.folder, 0o755)
    Fs.chmodSync(setpriv, 0o4755)
    const user = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    const script = "echo pid=$$ up; while ! [ -e go ]; do sleep 0.02; done; wc -c <&3; exit 6"
    const run = startRun(sandbox, [setpriv, "--reuid=0", "--", "sh", "-c", script], {}, user)
    await run.waitFor("up")
    for (let count = 0; count < 3; count++) process.kill(run.pid, "SIGTERM")
    process.kill(run.pid, "SIGHUP")
    Fs.writeFileSync(Path.join(sandbox.project, "go"), "")
    assert.strictEqual(await run.end, 6, run.stderr())
    assert.isAbove(Number(run.stdout().trim().split("\n").at(-1)), 500_000)
    assert.strictEqual(run.stderr(), "")
  })
})
