import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "vitest"
import { bin, type Sandbox, sandboxWith } from "../../support/cli.ts"
import { eventually } from "../../support/eventually.ts"
import { needs } from "../../support/needs.ts"
import { play, type Script, type Step, send, untilFlags, wait } from "../../support/pty.ts"
import { hasEnded, linesOf, program, setSecret } from "./started.ts"

const ctrlC = send("\x03")
const ctrlZ = send("\x1a")

const at = (
  sandbox: Sandbox,
  command: Script["command"],
  steps: ReadonlyArray<Step>,
  more: Partial<Script> = {}
) =>
  play({
    command,
    steps,
    directory: sandbox.project,
    environment: { ...sandbox.variables, TERM: "xterm", NO_COLOR: "1" },
    timeoutSeconds: 60,
    columns: 200,
    ...more
  })

const dev = (...command: ReadonlyArray<string>) => [process.execPath, bin, "dev", ...command] as const

/** A program that records its pid, its secret and every key it reads. */
const keys = `
  const fs = require("fs")
  const { secrets } = JSON.parse(fs.readFileSync(3, "utf8"))
  process.on("SIGTERM", () => process.exit(0))
  process.stdin.setRawMode(true)
  process.stdin.on("data", (typed) => {
    fs.appendFileSync("keys", typed)
    if (typed.includes("q")) process.exit(0)
  })
  fs.appendFileSync("starts", process.pid + " " + secrets.A + "\\n")
  console.log("has " + secrets.A + ".", process.stdout.isTTY, process.stdout.getColorDepth() > 0)`

describe.skipIf(!needs("python3"))("tako dev at a terminal", () => {
  it("starts twenty times with the right secrets, loses no keystroke, and leaves no orphan", async () => {
    const restarts = 20
    const sandbox = await sandboxWith({ development: { A: "0" } })
    const path = program(sandbox, keys)
    // Alternates between two files: twenty runs of tako secrets set would take most of the time.
    const even = Fs.readFileSync(sandbox.file)
    await setSecret(sandbox, "A", "1")
    const odd = Fs.readFileSync(sandbox.file)
    const put = (index: number) => {
      Fs.writeFileSync(`${sandbox.file}.new`, index % 2 === 0 ? even : odd)
      Fs.renameSync(`${sandbox.file}.new`, sandbox.file)
    }
    put(0)
    const letters = Array.from({ length: restarts }, (_, index) => String.fromCharCode(97 + (index % 16)))
    const steps = letters.flatMap(
      (letter, index): ReadonlyArray<Step> => [
        wait(`has ${index % 2}. true true`),
        send(letter),
        wait("A has changed, restarting"),
        send(letter.toUpperCase())
      ]
    )
    // This shell does not exec the program, so the program must not outlive it.
    const playing = at(
      sandbox,
      dev("sh", "-c", `"${process.execPath}" "${path}"; exit $?`),
      [...steps, wait(`has ${restarts % 2}.`), send("q")],
      { timeoutSeconds: 170 }
    )
    for (let index = 0; index < restarts; index++) {
      await eventually(`start ${index}`, () => linesOf(sandbox, "starts").length > index)
      await eventually(`key ${index}`, () =>
        linesOf(sandbox, "keys")
          .join()
          .endsWith(letters[index] as string)
      )
      put(index + 1)
    }
    const { output, exit, restored } = await playing
    assert.deepStrictEqual(exit, { code: 0 }, output)
    assert.strictEqual(
      linesOf(sandbox, "keys").join(),
      `${letters.map((letter) => letter + letter.toUpperCase()).join("")}q`
    )
    const starts = linesOf(sandbox, "starts").map((line) => line.split(" ") as [string, string])
    assert.deepStrictEqual(
      starts.map(([, value]) => value),
      Array.from({ length: restarts + 1 }, (_, index) => `${index % 2}`)
    )
    for (const [pid] of starts) assert.isTrue(hasEnded(pid), pid)
    assert.isTrue(restored)
    assert.strictEqual(output.match(/A has changed, restarting/g)?.length, restarts)
  }, 180_000)

  it("ends with one Ctrl-C, with the program's exit code or by the signal", async () => {
    const sandbox = await sandboxWith({ development: { A: "v" } })
    const own = await at(
      sandbox,
      dev("sh", "-c", "trap 'exit 7' INT; echo up; while :; do sleep 0.05; done"),
      [wait("up"), ctrlC]
    )
    assert.deepStrictEqual(own.exit, { code: 7 })
    // Not a shell, because dash loses a Ctrl-C that arrives while it starts a program.
    const leaves = `require("child_process").spawn("sh", ["-c", "trap '' INT; echo pid=$$.; sleep 1000; :"], { stdio: "inherit" })`
    const dead = await at(sandbox, dev(process.execPath, program(sandbox, leaves)), [
      wait("pid="),
      wait("."),
      ctrlC
    ])
    assert.deepStrictEqual(dead.exit, { signal: "SIGINT" })
    const [, pid = ""] = /pid=(\d+)\./.exec(dead.output) ?? []
    assert.isTrue(hasEnded(pid))
    assert.isTrue(dead.restored)
  })

  it("continues after Ctrl-C if the program handles it, and ends if none is running", async () => {
    const sandbox = await sandboxWith({ development: { A: "v" } })
    const script = `let count = 0
      const { secrets } = JSON.parse(require("fs").readFileSync(3, "utf8"))
      process.on("SIGINT", () => {
        console.log("int " + ++count)
        if (count === 2) require("fs").writeFileSync("twice", "")
      })
      console.log("has " + secrets.A)
      if (secrets.A === "bad") process.exit(1)
      setInterval(() => {}, 1000)`
    const playing = at(sandbox, dev(process.execPath, program(sandbox, script)), [
      wait("has v"),
      ctrlC,
      wait("int 1"),
      ctrlC,
      wait("int 2"),
      wait("has bad"),
      wait("waiting for a change"),
      ctrlC
    ])
    await eventually("two SIGINTs", () => Fs.existsSync(Path.join(sandbox.project, "twice")))
    await setSecret(sandbox, "B", "w")
    await setSecret(sandbox, "A", "bad")
    const { exit, output } = await playing
    assert.deepStrictEqual(exit, { signal: "SIGINT" }, output)
  })

  it("restores the terminal after a program is killed", async () => {
    const sandbox = await sandboxWith({ development: { A: "v" } })
    const script = `process.stdin.setRawMode(true); console.log("up"); setInterval(() => {}, 1000)`
    const { restored, exit } = await at(sandbox, dev(process.execPath, program(sandbox, script)), [
      wait("up"),
      untilFlags({ ICANON: false, ECHO: false }),
      { do: "kill", signal: "SIGTERM" }
    ])
    assert.deepStrictEqual(exit, { signal: "SIGTERM" })
    assert.isTrue(restored)
  })

  it.skipIf(!needs("bash"))("stops with Ctrl-Z, and fg continues it", async () => {
    const sandbox = await sandboxWith({ development: { A: "v" } })
    const { exit, output } = await at(
      sandbox,
      ["bash", "--norc", "--noprofile", "-i"],
      [
        { do: "wait", text: "bash-[0-9.]+[$#] ", regex: true },
        send(`PS1='ready''> '; alias tako='${process.execPath} ${bin}'\r`),
        wait("ready> "),
        send("tako dev sh -c 'echo u''p; read line; echo got=$line; exit 5'\r"),
        wait("up"),
        ctrlZ,
        wait("Stopped"),
        wait("ready> "),
        send("echo fore''ground; fg >/dev/null\r"),
        wait("foreground"),
        send("hello\r"),
        wait("got=hello"),
        wait("ready> "),
        send("echo ended=$?.\r"),
        wait("ended=5."),
        send("exit 0\r")
      ]
    )
    assert.deepStrictEqual(exit, { code: 0 }, output)
  })
})
