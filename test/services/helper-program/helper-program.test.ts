import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import {
  findProgram,
  type HelperProgram,
  run,
  runSync
} from "../../../src/services/helper-program/helper-program.ts"

const shell = (script: string, rest: Partial<HelperProgram> = {}) => ({
  program: "sh",
  args: ["-c", script],
  environment: { PATH: "/usr/bin:/bin" },
  timeLimit: 60_000,
  outputLimit: 1024,
  ...rest
})

const folder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "tako-helper-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
)

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/^State:\s+[ZX]/m.test(Fs.readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}

describe("a helper program", () => {
  it.effect("returns its exit code and its output", () =>
    Effect.gen(function* () {
      const ended = yield* run(shell("echo out; echo err >&2; exit 3"))
      assert.strictEqual(ended.exitCode, 3)
      assert.strictEqual(ended.stdout.toString(), "out\n")
      assert.strictEqual(ended.stderr.toString(), "err\n")
      assert.isNull((yield* run(shell("kill -TERM $$"))).exitCode)
    })
  )

  it.effect("has this environment, folder and stdin, and no other", () =>
    Effect.gen(function* () {
      const directory = Fs.realpathSync(Os.tmpdir())
      const environment = { PATH: "/usr/bin:/bin", ONE: "1" }
      const seen = yield* run({
        ...shell("pwd; echo $ONE$HOME; cat", { directory, environment }),
        stdin: Buffer.from("typed")
      })
      assert.strictEqual(seen.stdout.toString(), `${directory}\n1\ntyped`)
      assert.strictEqual((yield* run(shell("cat"))).stdout.toString(), "")
    })
  )

  it.effect("fails if there is no such program, or it cannot be started", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(run({ ...shell(""), program: "tako-no-such-program" }))
      assert.deepInclude(missing, { reason: "not-found", code: "ENOENT" })
      const denied = yield* Effect.flip(run({ ...shell(""), program: "/etc/passwd" }))
      assert.deepInclude(denied, { reason: "not-started", code: "EACCES" })
    })
  )

  it.effect("fails if it prints more than its limit on stdout and stderr together", () =>
    Effect.gen(function* () {
      const enough = yield* run(shell("head -c 512 /dev/zero; head -c 512 /dev/zero >&2"))
      assert.strictEqual(enough.stdout.length + enough.stderr.length, 1024)
      const more = yield* Effect.flip(run(shell("head -c 512 /dev/zero; head -c 513 /dev/zero >&2")))
      assert.strictEqual(more.reason, "too-much-output")
      assert.strictEqual((yield* Effect.flip(run(shell("cat /dev/zero")))).reason, "too-much-output")
    })
  )

  it.effect("fails if it does not read its stdin", () =>
    Effect.gen(function* () {
      const failed = yield* Effect.flip(
        run({ ...shell("exec <&-; sleep 60"), stdin: Buffer.alloc(1024 * 1024) })
      )
      assert.strictEqual(failed.reason, "stdin-closed")
    })
  )

  it.scoped("is killed after its time limit, even if it ignores SIGTERM", () =>
    Effect.gen(function* () {
      const pidFile = Path.join(yield* folder, "pid")
      const script = `trap "" TERM; echo $$ >${pidFile}; while :; do sleep 0.05; done`
      const failed = yield* Effect.flip(run(shell(script, { timeLimit: 2000 })))
      assert.strictEqual(failed.reason, "timeout")
      yield* gone(pidFile)
    })
  )

  it.scopedLive("is killed when its caller is interrupted", () =>
    Effect.gen(function* () {
      const pidFile = Path.join(yield* folder, "pid")
      const fiber = yield* Effect.fork(run(shell(`echo $$ >${pidFile}; exec sleep 60`)))
      yield* Effect.sleep(10).pipe(
        Effect.repeat({
          until: () => Fs.existsSync(pidFile) && Fs.readFileSync(pidFile, "utf8").endsWith("\n")
        })
      )
      yield* Fiber.interrupt(fiber)
      yield* gone(pidFile)
    })
  )

  it.scopedLive("has ended even if it leaves a process running that keeps /dev/null open", () =>
    Effect.gen(function* () {
      const pidFile = Path.join(yield* folder, "pid")
      const { outputLimit: _, ...silent } = shell(`sleep 60 & echo $! >${pidFile}`)
      assert.strictEqual((yield* run(silent)).exitCode, 0)
      const pid = Number(Fs.readFileSync(pidFile, "utf8"))
      assert.isTrue(isRunning(pid))
      process.kill(pid, "SIGKILL")
    })
  )

  it("can be run synchronously", () => {
    assert.deepStrictEqual(runSync(shell("echo out; echo err >&2")), Option.some(Buffer.from("out\n")))
    assert.deepStrictEqual(runSync(shell("echo out; exit 1")), Option.none())
    assert.deepStrictEqual(runSync(shell("cat /dev/zero")), Option.none())
    assert.deepStrictEqual(runSync(shell("sleep 60", { timeLimit: 50 })), Option.none())
    assert.deepStrictEqual(runSync({ ...shell(""), program: "tako-no-such-program" }), Option.none())
  })

  it("is found only in absolute folders of the PATH", () => {
    const sh = findProgram("sh", "/nonexistent:/usr/bin:/bin") ?? ""
    assert.include(["/usr/bin/sh", "/bin/sh"], sh)
    assert.isUndefined(findProgram("sh", Path.relative(process.cwd(), Path.dirname(sh))))
    assert.isUndefined(findProgram("passwd", "/etc"))
    assert.isUndefined(findProgram("bin", "/usr"))
  })
})

const gone = (pidFile: string) => {
  const pid = Number(Fs.readFileSync(pidFile, "utf8"))
  return Effect.promise(async () => {
    while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
  })
}
