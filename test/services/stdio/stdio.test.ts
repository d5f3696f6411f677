import { spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { contractOf } from "../../../src/services/stdio/contract.ts"
import { layerMemory, StdioTranscript } from "../../../src/services/stdio/layer-memory.ts"
import { Stdio } from "../../../src/services/stdio/stdio.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { testContract } from "../../support/contract.ts"
import { needs } from "../../support/needs.ts"
import * as Pty from "../../support/pty.ts"

let program: Bundle
let folder: string
let count = 0
beforeAll(async () => {
  program = await bundle(Path.join(import.meta.dirname, "fixture.ts"))
  folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-stdio-"))
})
afterAll(() => {
  program.remove()
  Fs.rmSync(folder, { recursive: true, force: true })
})

const newFile = (): string => Path.join(folder, `learned-${count++}.json`)
const learned = (file: string): unknown => JSON.parse(Fs.readFileSync(file, "utf8"))

/** Runs a shell command in which $PROGRAM is the fixture, and $LEARNED the file for what it found out. */
const shell = (command: string, file = newFile()) => {
  const result = spawnSync("bash", ["-c", command], {
    encoding: "utf8",
    env: { ...process.env, NODE: process.execPath, PROGRAM: program.path, LEARNED: file },
    maxBuffer: 64 * 1024 * 1024
  })
  return { ...result, file }
}

const mebibyte = 1024 * 1024

testContract(
  "Stdio of a process",
  contractOf(({ stdin }, index) =>
    Effect.sync(() => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [program.path, "session", newFile(), `${index}`],
        { input: stdin, encoding: "utf8" }
      )
      assert.strictEqual(status, 0, stderr)
      return { stdout, stderr }
    })
  ),
  Layer.empty
)
testContract(
  "Stdio in memory",
  contractOf(({ stdin, program }) =>
    Effect.gen(function* () {
      yield* program
      const { stdout, stderr } = yield* StdioTranscript
      return { stdout: yield* stdout, stderr: yield* stderr }
    }).pipe(Effect.provide(layerMemory({ stdin })))
  ),
  Layer.empty
)

describe("Stdio, the real layer", () => {
  it("reads a character whose bytes come one by one", async () => {
    const file = newFile()
    const child = spawn(process.execPath, [program.path, "read", file], {
      stdio: ["pipe", "ignore", "inherit"]
    })
    for (const byte of Buffer.from("é🐙")) {
      await new Promise((resolve) => child.stdin.write(Uint8Array.of(byte), () => setImmediate(resolve)))
    }
    child.stdin.end()
    await new Promise((resolve) => child.on("exit", resolve))
    assert.strictEqual(learned(file), "é🐙")
  })

  it("refuses a producer that never ends, and closes its pipe", () => {
    const { file, status } = shell('yes | "$NODE" "$PROGRAM" read "$LEARNED"')
    assert.strictEqual(status, 0)
    assert.deepStrictEqual(learned(file), { refused: "too-large" })
  })

  it("can be interrupted while it waits for stdin, and does not keep the process alive", () => {
    const { file, status } = shell(
      'coproc CAT { cat; }; "$NODE" "$PROGRAM" read-until-killed "$LEARNED" <&"$CAT"; code=$?; kill "$CAT_PID"; exit $code'
    )
    assert.strictEqual(status, 0)
    assert.strictEqual(learned(file), "gave up")
  })

  it("has written everything when it completes: 8 MiB into a slow pipe, then process.exit", () => {
    const { stdout } = shell(
      `"$NODE" "$PROGRAM" ${8 * mebibyte} "$LEARNED" | { read -r first; cat | wc -c; }`
    )
    assert.strictEqual(Number(stdout), 8 * mebibyte - 16)
  })

  it.skipIf(!needs("python3"))("waits for the reader of a pipe that somebody made non-blocking", () => {
    const nonBlocking = "import os,sys; os.set_blocking(1, False); os.execv(sys.argv[1], sys.argv[1:])"
    const { stdout, file } = shell(
      `python3 -c '${nonBlocking}' "$NODE" "$PROGRAM" ${2 * mebibyte} "$LEARNED" | wc -c`
    )
    assert.strictEqual(Number(stdout), 2 * mebibyte)
    assert.strictEqual(learned(file), "written")
  })

  it("accepts that a reader has gone away", () => {
    const { stdout, stderr, status, file } = shell(
      `set -o pipefail; "$NODE" "$PROGRAM" ${8 * mebibyte} "$LEARNED" | head -c 16`
    )
    assert.strictEqual(stdout, "0123456789abcde\n")
    assert.strictEqual(stderr, "")
    assert.strictEqual(status, 0)
    assert.strictEqual(learned(file), "written")
  })

  it("reports a full disk", () => {
    assert.strictEqual(shell('"$NODE" "$PROGRAM" 16 "$LEARNED" >/dev/full').status, 1)
    assert.strictEqual(shell('"$NODE" "$PROGRAM" write "$LEARNED" 2>/dev/full').status, 0)
  })

  it("works with closed streams", () => {
    const { file } = shell('"$NODE" "$PROGRAM" read "$LEARNED" <&-')
    assert.strictEqual(learned(file), "")
    assert.strictEqual(shell('"$NODE" "$PROGRAM" write "$LEARNED" >&-').status, 0)
    assert.strictEqual(shell('"$NODE" "$PROGRAM" write "$LEARNED" 2>&-').status, 0)
    assert.strictEqual(shell('"$NODE" "$PROGRAM" write "$LEARNED" <&- >&- 2>&-').status, 0)
  })

  it("refuses to read a folder", () => {
    assert.strictEqual(shell('"$NODE" "$PROGRAM" read "$LEARNED" </').status, 1)
  })

  it("recognizes pipes and files", () => {
    const { file } = shell('"$NODE" "$PROGRAM" terminals "$LEARNED" </dev/null 2>/dev/null | cat')
    assert.deepStrictEqual(learned(file), [false, false, false])
  })

  it.skipIf(!needs("python3"))("recognizes a terminal, stream by stream", async () => {
    const file = newFile()
    const command = [process.execPath, program.path, "terminals", file] as const
    await Pty.play({ command, steps: [Pty.exit] })
    assert.deepStrictEqual(learned(file), [true, true, true])
    await Pty.play({ command, redirect: { stdout: "/dev/null" }, steps: [Pty.exit] })
    assert.deepStrictEqual(learned(file), [true, false, true])
  })
})

describe("Stdio in memory", () => {
  it.effect("says which streams are terminals", () =>
    Effect.gen(function* () {
      const stdio = yield* Stdio
      assert.deepStrictEqual(
        [stdio.stdinIsTerminal, stdio.stdoutIsTerminal, stdio.stderrIsTerminal],
        [true, false, false]
      )
    }).pipe(Effect.provide(layerMemory({ stdinIsTerminal: true })))
  )
})
