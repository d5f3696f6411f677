import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import { assert, describe, it, onTestFinished } from "vitest"
import { bin, sandboxWith } from "../../support/cli.ts"
import { eventually } from "../../support/eventually.ts"
import { needs } from "../../support/needs.ts"
import { childrenOf, killGroup, reportedPid, startRun } from "./started.ts"

const secrets = { development: { A: "v" } }
const signals = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const

/** Handles each signal once, as most programs do, so that a second one ends it in its cleanup. Exits with 5 after that. */
const once = [
  process.execPath,
  "-e",
  `for (const name of ${JSON.stringify(signals)}) process.once(name, () => {
     console.log("cleaning " + name)
     setTimeout(() => { console.log("cleaned"); process.exit(5) }, 400)
   })
   console.log("pid=" + process.pid + " up")
   setInterval(() => {}, 1000)`
]

/** Says how often it got each signal. */
const counting = [
  process.execPath,
  "-e",
  `const counts = {}
   for (const name of ${JSON.stringify(signals)}) process.on(name, () => {
     counts[name] = (counts[name] ?? 0) + 1
     console.log(name + " " + counts[name] + ".")
   })
   console.log("pid=" + process.pid + " up")
   setInterval(() => {}, 1000)`
]

/** The process and its descendants, parents first. */
const treeOf = (pid: number): ReadonlyArray<number> => [pid, ...childrenOf(pid).flatMap(treeOf)]

/** What tako starts beside the program, once its evidence counts. */
const witnessOf = async (tako: number, program: number): Promise<number> => {
  const witness = await eventually("a witness", () => childrenOf(tako).find((pid) => pid !== program))
  await passed(50)
  return witness
}

const passed = (milliseconds: number): Promise<unknown> => {
  const until = performance.now() + milliseconds
  return eventually(`${milliseconds} ms`, () => performance.now() > until)
}

const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(Fs.readFileSync(`/proc/${pid}/status`, "latin1"))
  } catch {
    return false
  }
}

describe.skipIf(process.platform !== "linux")("a signal that tako run shares with its program", () => {
  const started = async (command: ReadonlyArray<string>) => {
    const run = startRun(await sandboxWith(secrets), command)
    await run.waitFor("up")
    const program = reportedPid(run.stdout())
    await witnessOf(run.pid, program)
    return { run, program }
  }

  it.each(signals)("reaches it once when its process group gets %s", async (name) => {
    const { run } = await started(once)
    process.kill(-run.pid, name)
    assert.strictEqual(await run.end, 5, run.stdout())
    assert.include(run.stdout(), `cleaning ${name}\ncleaned`)
  })

  it.each([
    ["parents first", (tree: ReadonlyArray<number>) => tree],
    ["children first", (tree: ReadonlyArray<number>) => tree.toReversed()]
  ] as const)("reaches it once when each process of the tree gets it, %s", async (_, order) => {
    const { run } = await started(once)
    for (const pid of order(treeOf(run.pid))) process.kill(pid, "SIGTERM")
    assert.strictEqual(await run.end, 5, run.stdout())
    assert.include(run.stdout(), "cleaned")
  })

  it("is told apart from one for tako alone, whichever comes first", async () => {
    const { run } = await started(counting)
    for (let count = 1; count <= 8; count++) {
      const name = count % 3 === 0 ? "SIGUSR1" : "SIGTERM"
      // A signal is not mistaken for a copy of the one before once that has been decided.
      if (count % 2 === 0) process.kill(-run.pid, name)
      else run.kill(name)
      await run.waitFor(
        `${name} ${name === "SIGUSR1" ? Math.floor(count / 3) : count - Math.floor(count / 3)}.`
      )
      await eventually("a new witness", () => childrenOf(run.pid).length === 2)
      await passed(250)
    }
    assert.strictEqual(run.stdout().match(/\.$/gm)?.length, 8, run.stdout())
  })

  it("reaches a program that has left the group", async () => {
    const { run } = await started(["setsid", ...once])
    process.kill(-run.pid, "SIGTERM")
    assert.strictEqual(await run.end, 5, run.stdout())
  })

  it.each(["SIGTERM", "SIGQUIT"] as const)("reaches it once if the witness of %s ends late", async (name) => {
    const { run, program } = await started(once)
    const witness = await witnessOf(run.pid, program)
    process.kill(witness, "SIGSTOP")
    await eventually("the witness to stop", () =>
      /^State:\s+T/m.test(Fs.readFileSync(`/proc/${witness}/status`, "latin1"))
    )
    process.kill(-run.pid, name)
    assert.strictEqual(await run.end, 5, run.stdout())
  })

  it("leaves the program's stderr as it is", async () => {
    const { run, program } = await started(counting)
    const flags = () =>
      /^flags:\s+([0-7]+)/m.exec(Fs.readFileSync(`/proc/${program}/fdinfo/2`, "latin1"))?.[1]
    const before = flags()
    process.kill(-run.pid, "SIGUSR1")
    await run.waitFor("SIGUSR1 1.")
    await eventually("a new witness", () => childrenOf(run.pid).length === 2)
    assert.strictEqual(flags(), before)
  })

  it("SIGKILL of the group ends the program and its children", async () => {
    const script = "sleep 1000 & echo pid=$$ up; wait"
    const { run } = await started(["sh", "-c", script])
    const tree = treeOf(run.pid)
    assert.lengthOf(tree, 4)
    process.kill(-run.pid, "SIGKILL")
    assert.strictEqual(await run.end, "SIGKILL")
    await eventually("the end of all of them", () => !tree.some(isRunning))
  })

  it("leaves no process behind, however it ends", async () => {
    const { run, program } = await started(counting)
    const witness = await witnessOf(run.pid, program)
    assert.notMatch(Fs.readFileSync(`/proc/${witness}/environ`, "latin1"), /TAKO|PATH/)
    assert.notInclude(Fs.readdirSync(`/proc/${witness}/fd`), "3")
    process.kill(program, "SIGKILL")
    assert.strictEqual(await run.end, "SIGKILL")
    assert.isFalse(Fs.existsSync(`/proc/${witness}`), "It has been reaped.")

    const killed = await started(counting)
    const orphan = await witnessOf(killed.run.pid, killed.program)
    killed.run.kill("SIGKILL")
    await eventually("the end of the witness", () => !isRunning(orphan))
  })

  const limited = async (options: ReadonlyArray<string>, signal: NodeJS.Signals) => {
    const { project, variables } = await sandboxWith(secrets)
    const child = spawn("timeout", [...options, "1000", process.execPath, bin, "run", ...once], {
      cwd: project,
      env: variables,
      detached: true,
      stdio: ["ignore", "pipe", "ignore"]
    })
    const pid = child.pid as number
    onTestFinished(() => killGroup(pid))
    let stdout = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    const end = new Promise((resolve) => child.once("exit", resolve))
    await eventually("the program", () => stdout.includes("up"))
    const [tako] = childrenOf(pid) as [number]
    await witnessOf(tako, reportedPid(stdout))
    // What it does at its limit, with the signal that it is told to send.
    child.kill(signal)
    await end
    return stdout
  }

  describe.skipIf(!needs("timeout"))("under timeout(1)", () => {
    it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("reaches it once: %s", async (name) => {
      assert.include(await limited([], name), `cleaning ${name}\ncleaned`)
    })
    it("reaches it once in the foreground, too", async () => {
      assert.include(await limited(["--foreground"], "SIGTERM"), "cleaning SIGTERM\ncleaned")
    })
  })
})
