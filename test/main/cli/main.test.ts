import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Esbuild from "esbuild"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-main-"))
const program = Path.join(folder, "program.cjs")

beforeAll(() =>
  Esbuild.build({
    entryPoints: [Path.join(import.meta.dirname, "fixture/program.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20"
  })
)
afterAll(() => Fs.rmSync(folder, { recursive: true, force: true }))

const run = (...argv: ReadonlyArray<string>) => {
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [program, ...argv], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    timeout: 20_000
  })
  return { out: stdout, err: stderr, code: status ?? signal }
}

/** Starts a command and waits until it has printed "started". */
const start = async (...argv: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [program, ...argv], { stdio: ["ignore", "ignore", "pipe"] })
  let err = ""
  child.stderr.setEncoding("utf8")
  const ended = new Promise<number | string | null>((resolve) => {
    child.on("close", (code, signal) => resolve(code ?? signal))
  })
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (text: string) => {
      err += text
      if (err.includes("started\n")) resolve()
    })
    child.on("close", () => reject(new Error(`it ended before it printed that it had started: ${err}`)))
  })
  return { child: child as ChildProcess, end: async () => ({ code: await ended, err }) }
}

describe("main", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129]
  ] as const)("ends on %s with %i, after the command has cleaned up", async (signal, code) => {
    const { child, end } = await start("wait")
    child.kill(signal)
    expect(await end()).toEqual({ code, err: "started\ncleaned up\n" })
  })

  it("ends at once on a second signal", async () => {
    const { child, end } = await start("stubborn")
    // Repeats the signal until the process has ended, as someone at the keyboard would.
    const again = setInterval(() => child.kill("SIGINT"), 20)
    const ended = await end()
    clearInterval(again)
    expect(ended).toEqual({ code: 130, err: "started\n" })
  })

  it("leaves a signal to the command that handles it", async () => {
    const { child, end } = await start("taking")
    child.kill("SIGINT")
    expect((await end()).code).toBe(42)
  })

  it("exits with the code that the command returned", () => {
    expect(run("nine")).toEqual({ out: "", err: "", code: 9 })
    expect(run("set", "A")).toEqual({ out: "A\n", err: "", code: 0 })
    expect(run("--version")).toEqual({ out: "tako 1.2.3\n", err: "", code: 0 })
  })

  it("reports an error once", () => {
    expect(run("set", "--wizard")).toEqual({
      out: "",
      err: "error: tako set has no flag --wizard.\nSee: tako set --help\n",
      code: 2
    })
  })

  it("has written all of stdout when it exits", async () => {
    expect(run("megabytes").out.length).toBe(4 << 20)
    const child = spawn(process.execPath, [program, "megabytes"], { stdio: ["ignore", "pipe", "ignore"] })
    let size = 0
    for await (const chunk of child.stdout) {
      size += (chunk as Buffer).length
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(size).toBe(4 << 20)
  })

  it("writes only data to stdout: no logs, and nothing from Console", () => {
    expect(run("chatty")).toEqual({ out: "data\n", err: "", code: 0 })
  })

  it("prints neither message nor stack trace of errors thrown outside of Effects", () => {
    const callback = run("callback")
    expect(callback.err).toMatch(
      /^error: This is a bug in tako \(RangeError at program\.cjs:\d+:\d+\)\.\nPlease report it.*\ncleaned up\n$/
    )
    expect(callback.code).toBe(1)
    const rejection = run("rejection")
    expect(rejection.err).toMatch(/^error: This is a bug in tako \(RangeError /)
    expect([rejection.code, rejection.err.includes("hunter2")]).toEqual([1, false])
  })

  it("does not exit with 0 if a command waits for something that cannot happen", () => {
    const { out, err, code } = run("stuck")
    expect(out).toBe("")
    expect(err).toMatch(/^error: This is a bug in tako \(Stuck/)
    expect(code).toBe(1)
  })
})
