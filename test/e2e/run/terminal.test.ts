import { constants } from "node:fs"
import { assert, describe, it } from "vitest"
import { bin, passphrase, type Sandbox, sandboxWith } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import { kill, play, type Script, type Step, send, untilFlags, wait } from "../../support/pty.ts"

const secrets = { development: { A: "v" } }

const ctrlC = send("\x03")
const ctrlBackslash = send("\x1c")
const ctrlZ = send("\x1a")

describe.skipIf(!needs("python3"))("tako run at a terminal", () => {
  const at = (
    { project, variables }: Sandbox,
    command: Script["command"],
    steps: ReadonlyArray<Step>,
    more: Partial<Script> = {}
  ) =>
    play({
      command,
      steps,
      directory: project,
      environment: { ...variables, TERM: "xterm", NO_COLOR: "1" },
      ...more
    })
  const tako = (...command: ReadonlyArray<string>) => [process.execPath, bin, "run", ...command] as const

  const counter = `
    let count = 0
    process.on("SIGINT", () => console.log("int " + ++count))
    process.on("SIGQUIT", () => console.log("quit " + ++count))
    process.on("SIGTERM", () => process.exit(count))
    console.log("up")
    setInterval(() => {}, 1000)`

  it("Ctrl-C and Ctrl-\\ reach the program once, and it may continue", async () => {
    const sandbox = await sandboxWith(secrets)
    const { output, exit } = await at(sandbox, tako(process.execPath, "-e", counter), [
      wait("up"),
      ctrlC,
      wait("int 1"),
      ctrlBackslash,
      wait("quit 2"),
      ctrlC,
      wait("int 3"),
      kill("SIGTERM")
    ])
    assert.deepStrictEqual(exit, { code: 3 })
    assert.notInclude(output, "4")
  })

  it("forwards an interrupt that only it received", async () => {
    const sandbox = await sandboxWith(secrets)
    // At first it might be the terminal's.
    const script = `
      process.once("SIGINT", () => process.exit(4))
      setInterval(() => process.kill(process.ppid, "SIGINT"), 200)`
    const { exit } = await at(sandbox, tako(process.execPath, "-e", script), [])
    assert.deepStrictEqual(exit, { code: 4 })
  })

  it("Ctrl-C and Ctrl-\\ end tako as they end the program", async () => {
    const sandbox = await sandboxWith(secrets)
    const sleep = tako("sh", "-c", "ulimit -c 0; echo up; exec sleep 1000")
    const interrupted = await at(sandbox, sleep, [wait("up"), ctrlC])
    assert.deepStrictEqual(interrupted.exit, { signal: "SIGINT" })
    assert.isTrue(interrupted.restored)
    assert.strictEqual(interrupted.output, "up\r\n^C")
    const quit = await at(sandbox, sleep, [wait("up"), ctrlBackslash])
    assert.deepStrictEqual(quit.exit, { code: 131 })
  })

  it("belongs to the program, with its size, and in raw mode if the program sets it", async () => {
    const sandbox = await sandboxWith(secrets)
    const script = `
      const sizes = () => process.stdout.columns + "x" + process.stdout.rows
      process.stdin.setRawMode(true)
      console.log("up", process.stdin.isTTY, process.stdout.isTTY, process.stderr.isTTY, sizes())
      process.stdout.on("resize", () => console.log("now", sizes()))
      process.stdin.on("data", (keys) => { console.log("keys", keys.toString("hex")); if (keys[0] === 113) process.exit(2) })`
    const { output, exit, restored } = await at(
      sandbox,
      tako(process.execPath, "-e", script),
      [
        wait("up true true true 97x31"),
        untilFlags({ ICANON: false, ECHO: false }),
        ctrlC,
        wait("keys 03"),
        { do: "resize", columns: 80, rows: 25 },
        wait("now 80x25"),
        send("q")
      ],
      { columns: 97, rows: 31 }
    )
    assert.deepStrictEqual(exit, { code: 2 }, output)
    assert.isTrue(restored)
  })

  it.runIf(process.platform === "linux")(
    "asks without making the program's stderr non-blocking",
    async () => {
      const sandbox = await sandboxWith(secrets)
      const flags = "grep -h flags /proc/self/fdinfo/2; exit 8"
      const line = `("${process.execPath}" "${bin}" run sh -c '${flags}' 2>&1; echo ended=$?) | cat`
      const home = `${sandbox.folder}/elsewhere`
      const { output } = await at(
        sandbox,
        ["sh", "-c", line],
        [{ do: "wait", text: "[Pp]assphrase.*: ", regex: true }, send(`${passphrase}\r`), wait("ended=8")],
        { environment: { ...sandbox.variables, TERM: "xterm", TAKO_HOME: home } }
      )
      const [, open] = /flags:\s+([0-7]+)/.exec(output) ?? []
      assert.strictEqual(Number.parseInt(open ?? "none", 8) & constants.O_NONBLOCK, 0, output)
    }
  )

  it("stays as the program set it", async () => {
    const sandbox = await sandboxWith(secrets)
    const { finalFlags, exit } = await at(sandbox, tako("stty", "-echo", "-ixon"), [])
    assert.deepStrictEqual(exit, { code: 0 })
    assert.deepStrictEqual([finalFlags.ECHO, finalFlags.IXON], [false, false])
  })

  describe.skipIf(!needs("bash"))("under an interactive bash", () => {
    const bash = ["bash", "--norc", "--noprofile", "-i"] as const
    const prompt: Step = { do: "wait", text: "bash-[0-9.]+[$#] ", regex: true }
    const setUp = (line: string): ReadonlyArray<Step> => [
      prompt,
      send(
        `PS1='ready''> '; alias tako='${process.execPath} ${bin} run'; bind 'set enable-bracketed-paste off'\r`
      ),
      wait("ready> "),
      send(`${line}\r`)
    ]
    const atBash = (sandbox: Sandbox, line: string, steps: ReadonlyArray<Step>) =>
      at(sandbox, bash, [...setUp(line), ...steps], { columns: 200 })
    /** Waits until the shell reads lines again, and checks the last command's exit code. */
    const backAtPrompt = (code: number): ReadonlyArray<Step> => [
      wait("ready> "),
      send("echo ended=$?.\r"),
      wait(`ended=${code}.`),
      send("exit 0\r")
    ]

    it("Ctrl-Z stops both, fg continues both, and the shell regains the terminal", async () => {
      const sandbox = await sandboxWith(secrets)
      // The program reads only after it was continued: one that is stopped in read(2) may get the shell's first key.
      const script = "echo u''p; until [ -e go ]; do sleep 0.05; done; read line; echo got=$line; exit 5"
      const { exit } = await atBash(sandbox, `tako sh -c '${script.replaceAll("'", `'\\''`)}'`, [
        wait("up"),
        ctrlZ,
        wait("Stopped"),
        wait("ready> "),
        send("ps -o stat= --ppid $$ | tr -d ' \\n' | cut -c1; touch go; fg >/dev/null\r"),
        wait("T"),
        send("hello\r"),
        wait("got=hello"),
        ...backAtPrompt(5)
      ])
      assert.deepStrictEqual(exit, { code: 0 })
    })

    it("a program that stops its own group, as an editor does, stops tako too", async () => {
      const sandbox = await sandboxWith(secrets)
      const { exit } = await atBash(sandbox, "tako sh -c 'echo up; kill -TSTP 0; echo contin''ued; exit 6'", [
        wait("Stopped"),
        wait("ready> "),
        send("fg\r"),
        wait("continued"),
        ...backAtPrompt(6)
      ])
      assert.deepStrictEqual(exit, { code: 0 })
    })

    it("a shell inside has its own job control, and returns the terminal", async () => {
      const sandbox = await sandboxWith(secrets)
      const { exit } = await atBash(sandbox, "tako bash --norc --noprofile -i", [
        prompt,
        send("PS1='inner''> '; sh -c 'echo u''p; read line; echo got=$line'\r"),
        wait("up"),
        ctrlZ,
        wait("Stopped"),
        wait("inner> "),
        send("echo fore''ground; fg >/dev/null\r"),
        wait("foreground"),
        send("hello\r"),
        wait("got=hello"),
        wait("inner> "),
        send("exit 7\r"),
        ...backAtPrompt(7)
      ])
      assert.deepStrictEqual(exit, { code: 0 })
    })

    it("a program that ends in the background leaves the terminal alone", async () => {
      const sandbox = await sandboxWith(secrets)
      const { exit, output } = await atBash(
        sandbox,
        "tako sh -c 'while ! [ -e go ]; do sleep 0.05; done' & stty -echo -icanon; : >go; wait $!; stty -a; stty sane",
        [wait("-icanon"), wait("-echo "), ...backAtPrompt(0)]
      )
      assert.deepStrictEqual(exit, { code: 0 }, output)
    })

    it("tako itself dies of SIGINT, so that the shell ends a loop", async () => {
      const sandbox = await sandboxWith(secrets)
      const { exit } = await atBash(sandbox, "while :; do tako sh -c 'echo u''p; exec sleep 1000'; done", [
        wait("up"),
        ctrlC,
        ...backAtPrompt(130)
      ])
      assert.deepStrictEqual(exit, { code: 0 })
    })
  })
})
