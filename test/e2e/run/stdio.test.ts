import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import { assert, describe, it } from "vitest"
import { omitUndefined } from "../../../src/domain/omit-undefined.ts"
import { bin, runToEnd, type Sandbox, sandboxWith } from "../../support/cli.ts"
import { needs } from "../../support/needs.ts"
import { randomBytes } from "../../support/random.ts"

const secrets = { development: { A: "v" } }

/** Runs a shell line in which `tako` is the built program. */
const shell = ({ project, variables }: Sandbox, line: string, stdin?: string | Uint8Array, sh = "sh") =>
  runToEnd(sh, ["-c", `tako() { "$NODE" "$BIN" "$@"; }\n${line}`], {
    directory: project,
    variables: { ...variables, NODE: process.execPath, BIN: bin },
    ...omitUndefined({ stdin })
  })

describe("stdin, stdout and stderr under tako run", () => {
  it("pass through, byte for byte", async () => {
    const sandbox = await sandboxWith(secrets)
    assert.strictEqual((await shell(sandbox, "echo hi | tako run cat")).stdout, "hi\n")
    const both = await sandbox.tako(["run", "sh", "-c", "echo out; echo err >&2"])
    assert.deepStrictEqual([both.stdout, both.stderr], ["out\n", "err\n"])
    const input = randomBytes(3_000_000, "stdin")
    const exact = await shell(sandbox, "tako run cat | cat >copy", input)
    assert.strictEqual(exact.code, 0)
    assert.isTrue(Fs.readFileSync(`${sandbox.project}/copy`).equals(input))
  })

  it.runIf(process.platform === "linux")("are left as they were: no O_NONBLOCK from us", async () => {
    const sandbox = await sandboxWith(secrets)
    // Waits until the secrets are read and tako has closed its end of the pipe.
    const whenDelivered = "cat <&3 >/dev/null; while ls -l /proc/$PPID/fd | grep -q tako-pipe; do :; done"
    const flags = "grep -h flags /proc/self/fdinfo/0 /proc/self/fdinfo/1 /proc/self/fdinfo/2"
    const piped = await shell(sandbox, `(echo | tako run sh -c '${whenDelivered}; ${flags}') 2>&1 | cat`)
    assert.match(piped.stdout, /^(flags:\t0[0-7]*\n){3}$/)
    for (const each of piped.stdout.match(/[0-7]+$/gm) ?? []) {
      assert.strictEqual(Number.parseInt(each, 8) & Fs.constants.O_NONBLOCK, 0)
    }
  })

  it("end at once and silently when nobody reads them any more", async () => {
    const sandbox = await sandboxWith(secrets)
    const ended = await shell(sandbox, "(tako run yes; echo $? >code) | head -n 1")
    assert.deepStrictEqual([ended.stdout, ended.stderr], ["y\n", ""])
    assert.strictEqual(Fs.readFileSync(`${sandbox.project}/code`, "utf8"), "141\n")
  })

  it("may be closed", async () => {
    const sandbox = await sandboxWith(secrets)
    const line = "tako run sh -c 'wc -c <&3 >count; exit 3' <&- >&- 2>&-; echo $?"
    assert.strictEqual((await shell(sandbox, line)).stdout, "3\n")
    assert.isAbove(Number(Fs.readFileSync(`${sandbox.project}/count`, "utf8")), 50)
  })

  it.skipIf(!needs("bash"))("leave descriptors alone that bash passes by number", async () => {
    const sandbox = await sandboxWith(secrets)
    const ended = await shell(sandbox, "tako run cat <(echo substituted)", undefined, "bash")
    assert.deepStrictEqual([ended.stdout, ended.stderr], ["substituted\n", ""])
  })

  it("end with the program even if another process keeps them open", async () => {
    const { project, variables } = await sandboxWith(secrets)
    const child = spawn(process.execPath, [bin, "run", "sh", "-c", "sleep 1000 & echo $!; exit 5"], {
      cwd: project,
      env: variables,
      stdio: ["ignore", "pipe", "inherit"]
    })
    const pid = await new Promise<number>((resolve) =>
      child.stdout.once("data", (text) => resolve(Number(text)))
    )
    try {
      assert.strictEqual(await new Promise((resolve) => child.once("exit", resolve)), 5)
      process.kill(pid, 0)
    } finally {
      process.kill(pid, "SIGKILL")
    }
  })
})
