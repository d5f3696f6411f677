import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Turn } from "../../../src/services/terminal/contract.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { needs } from "../../support/needs.ts"
import * as Pty from "../../support/pty.ts"
import { hold } from "./real.ts"
import { show } from "./screen.ts"

const pem = `-----BEGIN PRIVATE KEY-----\n${"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n".repeat(20)}-----END PRIVATE KEY-----\n`
const hidden: ReadonlyArray<Turn> = [["askHidden", "Enter value"]]
const visible: ReadonlyArray<Turn> = [["ask", "Name"]]
const prompt = Pty.wait("Enter value: ")
const unseen = Pty.untilFlags({ ECHO: false, ICANON: false })

describe.skipIf(!needs("python3"))("a person at a pseudo-terminal", () => {
  let program: Bundle
  beforeAll(async () => {
    program = await bundle(new URL("fixture.ts", import.meta.url).pathname)
  })
  afterAll(() => program.remove())

  it("sees a star per character, and the value nowhere", async () => {
    const held = await hold(program, hidden, [
      prompt,
      Pty.flags,
      Pty.send("hunter2"),
      Pty.wait("*******"),
      Pty.send("\r"),
      Pty.exit
    ])
    assert.deepStrictEqual(held.answers, ["hunter2"])
    assert.deepStrictEqual(show(held.output, 80).lines, ["Enter value: *******", ""])
    assert.notInclude(held.output, "hunter2")
    assert.include(held.flags[0], { ECHO: false, ICANON: false, ISIG: false })
    assert.isTrue(held.restored)
    assert.deepStrictEqual(held.exit, { code: 0 })
  })

  it.each([
    ["Backspace", "abc\x7f", "ab"],
    ["Backspace over wide characters", "a漢🐙\x7f\x7f", "a"],
    ["Backspace past the beginning", "\x7f\x7fab", "ab"],
    ["Ctrl-U", "abc\x15de", "de"],
    ["Ctrl-W", "one two\x17three", "one three"],
    ["arrows, Home, F5", "a\x1b[A\x1b[D\x1bOHb\x1b[15~c", "abc"],
    ["Ctrl-D behind text", "ab\x04c", "abc"]
  ])("edits: %s", async (_what, keys, value) => {
    const held = await hold(program, hidden, [prompt, Pty.send(keys), Pty.send("\r"), Pty.exit])
    assert.deepStrictEqual(held.answers, [value])
    assert.strictEqual(
      show(held.output, 80).lines[0]?.trimEnd(),
      `Enter value: ${"*".repeat([...value].length)}`
    )
  })

  it("sees visible input, with wide characters erased as a whole", async () => {
    const held = await hold(program, visible, [
      Pty.wait("Name: "),
      Pty.send("漢字🐙"),
      Pty.wait("🐙"),
      Pty.send("\x7f\x7f"),
      Pty.send("é\r"),
      Pty.exit
    ])
    assert.deepStrictEqual(held.answers, ["漢é"])
    assert.strictEqual(show(held.output, 80).lines[0]?.trimEnd(), "Name: 漢é")
  })

  it("pastes a PEM between brackets", async () => {
    const held = await hold(program, hidden, [
      Pty.wait("\x1b[?2004h"),
      prompt,
      Pty.send(`\x1b[200~${pem.replaceAll("\n", "\r")}\x1b[201~`),
      Pty.wait("*"),
      Pty.send("\r"),
      Pty.exit
    ])
    assert.deepStrictEqual(held.answers, [pem.trimEnd()])
    assert.isBelow(held.output.split("*").length, 40)
    assert.include(held.output, "\x1b[?2004l")
  })

  it("pastes a PEM into a terminal without bracketed paste: it is refused, and none of it reaches the shell", async () => {
    const held = await hold(program, hidden, [prompt, Pty.send(pem.replaceAll("\n", "\r")), Pty.exit])
    assert.deepStrictEqual(held.answers, [{ error: "ValueRefused", reason: "lines" }])
    assert.strictEqual(held.leftover, "")
    assert.notInclude(held.output, "MIGHAgEA")
    assert.isTrue(held.restored)
  })

  it("types characters whose bytes arrive separately", async () => {
    const [first, ...rest] = Buffer.from("🐙")
    const held = await hold(program, hidden, [
      prompt,
      Pty.sendBytes(Uint8Array.of(first as number)),
      Pty.wait("*"),
      Pty.sendBytes(Uint8Array.from(rest)),
      Pty.send("\r"),
      Pty.exit
    ])
    assert.deepStrictEqual(held.answers, ["🐙"])
  })

  it("sends what is not UTF-8: refused", async () => {
    const held = await hold(program, hidden, [
      prompt,
      Pty.sendBytes(Uint8Array.of(0x61, 0xff, 0x0d)),
      Pty.exit
    ])
    assert.deepStrictEqual(held.answers, [{ error: "ValueRefused", reason: "not-utf8" }])
  })

  it("presses Escape alone, then continues", async () => {
    const held = await hold(program, hidden, [prompt, Pty.send("a\x1b\r"), Pty.exit])
    assert.deepStrictEqual(held.answers, ["a"])
  })

  it.each([
    ["Ctrl-C", "abc\x03"],
    ["Ctrl-\\", "\x1c"],
    ["Ctrl-D on an empty line", "\x04"],
    ["Ctrl-C in a paste that does not end", "\x1b[200~abc\x03"]
  ])("interrupts: %s", async (_what, keys) => {
    for (const turns of [hidden, visible]) {
      const held = await hold(program, turns, [unseen, Pty.wait(": "), Pty.send(keys), Pty.exit])
      assert.deepStrictEqual(held.answers, [{ error: "Interrupted" }])
      assert.isTrue(held.restored)
      assert.isTrue(held.finalFlags.ECHO)
      assert.isTrue(held.output.endsWith("\r\n"), JSON.stringify(held.output))
    }
  })

  it.each(["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const)(
    "ends it by %s: echo is back, and it died of it",
    async (signal) => {
      const held = await hold(program, hidden, [
        prompt,
        unseen,
        Pty.send("abc"),
        Pty.wait("***"),
        Pty.kill(signal),
        Pty.exit
      ])
      assert.deepStrictEqual(held.exit, { signal })
      assert.isUndefined(held.answers)
      assert.isTrue(held.restored)
      assert.isTrue(held.output.endsWith("\x1b[?2004l\r\n"), JSON.stringify(held.output))
    }
  )

  it("ends it by a signal that the program listens for: the question is interrupted", async () => {
    const held = await hold(program, hidden, [prompt, unseen, Pty.kill("SIGTERM"), Pty.exit], {
      listens: true
    })
    assert.deepStrictEqual(held.exit, { code: 0 })
    assert.deepStrictEqual(held.answers, [{ error: "Interrupted" }])
    assert.isTrue(held.restored)
  })

  it("ends it by process.exit in the middle: echo is back", async () => {
    const held = await hold(program, hidden, [prompt, unseen, Pty.kill("SIGUSR2"), Pty.exit])
    assert.deepStrictEqual(held.exit, { code: 7 })
    assert.isTrue(held.restored)
    assert.isTrue(held.output.endsWith("\x1b[?2004l\r\n"))
  })

  it("types before the question: that is no answer, and does not reach the shell either", async () => {
    const held = await hold(program, hidden, [
      Pty.send("too early\rsecond\r"),
      prompt,
      Pty.send("value\r"),
      Pty.exit
    ])
    assert.deepStrictEqual(held.answers, ["value"])
    assert.strictEqual(held.leftover, "")
  })

  it("has 40 columns: nothing wraps", async () => {
    const question = "Passphrase for environment production"
    const held = await hold(
      program,
      [["askHidden", question], ...visible],
      [
        Pty.wait("> "),
        Pty.send("x".repeat(60)),
        Pty.wait("*".repeat(30)),
        Pty.send("\x7f".repeat(55)),
        Pty.send("\r"),
        Pty.wait("Name: "),
        Pty.send("abcdefghij".repeat(5)),
        Pty.wait("j"),
        Pty.send("\x7f".repeat(45)),
        Pty.send("\r"),
        Pty.exit
      ],
      { columns: 40 }
    )
    assert.deepStrictEqual(held.answers, ["xxxxx", "abcde"])
    assert.deepStrictEqual(
      show(held.output, 40).lines.map((line) => line.trimEnd()),
      [`${question}:`, "> *****", "Name: abcde", ""]
    )
  })

  it.each(["dumb", ""])("has TERM=%j: no control sequence is written", async (term) => {
    const held = await hold(
      program,
      [...hidden, ["confirm", "Sure?", false], ["choose", "Which?", ["a", "b"]], ["show", "line"]],
      [
        prompt,
        Pty.send("abc"),
        Pty.wait("***"),
        Pty.send("\x7f"),
        Pty.wait("\b \b"),
        Pty.send("\r"),
        Pty.wait("[y/N] "),
        Pty.send("y\r"),
        Pty.wait("name: "),
        Pty.send("1\r"),
        Pty.exit
      ],
      { term }
    )
    assert.deepStrictEqual(held.answers, ["ab", true, "a", null])
    assert.notInclude(held.output, "\x1b")
  })

  it("is not misled by control characters in a name", async () => {
    const held = await hold(
      program,
      [
        ["show", "one\x1b[2Jtwo\rthree"],
        ["ask", "\x1b]0;title\x07Name"]
      ],
      [Pty.wait("Name: "), Pty.send("x\r"), Pty.exit]
    )
    assert.deepStrictEqual(show(held.output, 80).lines, ["one�[2Jtwo�three", "�]0;title�Name: x", ""])
  })

  it("stops and continues it from elsewhere: the question is repeated, still hidden", async () => {
    const held = await hold(program, hidden, [
      prompt,
      Pty.send("ab"),
      Pty.wait("**"),
      Pty.kill("SIGSTOP"),
      Pty.kill("SIGCONT"),
      Pty.wait("Enter value: **"),
      unseen,
      Pty.send("c\r"),
      Pty.exit
    ])
    assert.deepStrictEqual(held.answers, ["abc"])
  })

  it("presses Ctrl-Z when nobody could continue it: the question is repeated", async () => {
    const held = await hold(program, hidden, [
      prompt,
      Pty.send("ab\x1a"),
      Pty.wait("Enter value: **"),
      unseen,
      Pty.send("c\r"),
      Pty.exit
    ])
    assert.deepStrictEqual(held.answers, ["abc"])
    assert.isTrue(held.restored)
  })

  it.skipIf(!needs("bash"))("presses Ctrl-Z in a shell: it stops, and fg asks again, unseen", async () => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-terminal-"))
    try {
      const answers = Path.join(folder, "answers.json")
      const held = await Pty.play({
        command: ["bash", "--norc", "--noprofile", "-i"],
        environment: {
          PATH: process.env.PATH ?? "",
          PS1: "ready ",
          TERM: "dumb",
          HOME: folder,
          HISTFILE: "",
          RUN: `'${process.execPath}' '${program.path}' '${JSON.stringify(hidden)}' '${answers}'`
        },
        steps: [
          Pty.wait("ready "),
          Pty.send('eval "$RUN"\r'),
          prompt,
          unseen,
          Pty.send("ab\x1a"),
          Pty.wait("Stopped"),
          Pty.wait("ready "),
          Pty.send("echo in the shell\r"),
          Pty.wait("\nin the shell"),
          Pty.wait("ready "),
          Pty.send("fg\r"),
          Pty.wait("Enter value: **"),
          unseen,
          Pty.send("c\r"),
          Pty.wait("ready "),
          Pty.send("exit 0\r"),
          Pty.exit
        ]
      })
      assert.deepStrictEqual(JSON.parse(Fs.readFileSync(answers, "utf8")), ["abc"])
      assert.notInclude(held.output, "abc")
      assert.isTrue(held.restored)
    } finally {
      Fs.rmSync(folder, { recursive: true, force: true })
    }
  })

  it("has no terminal: isThere is false, and nothing is asked", () => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-terminal-"))
    try {
      const answers = Path.join(folder, "answers.json")
      const turns = JSON.stringify([["isThere"]])
      // setsid gives the program a session without a controlling terminal.
      const code = "import os,sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])"
      const { status } = spawnSync("python3", ["-c", code, process.execPath, program.path, turns, answers])
      assert.strictEqual(status, 0)
      assert.deepStrictEqual(JSON.parse(Fs.readFileSync(answers, "utf8")), [false])
    } finally {
      Fs.rmSync(folder, { recursive: true, force: true })
    }
  })
})
