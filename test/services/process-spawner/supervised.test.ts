import { spawn as spawnChild } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { omitUndefined } from "../../../src/domain/omit-undefined.ts"
import { layer } from "../../../src/services/process-spawner/layer.ts"
import { ProcessSpawner, type Supervised } from "../../../src/services/process-spawner/process-spawner.ts"
import { bundle } from "../../support/bundle.ts"
import { eventually } from "../../support/eventually.ts"
import { needs } from "../../support/needs.ts"
import { hasEnded, openFiles } from "./proc.ts"
import { secretsOf } from "./reader.ts"

const start = (script: string, user?: NonNullable<Supervised["user"]>) =>
  Effect.gen(function* () {
    const { spawn } = yield* ProcessSpawner
    const said = { stdout: "", stderr: "" }
    const onOutput: Supervised["onOutput"] = (stream, piece) => {
      said[stream] += Buffer.from(piece).toString()
    }
    const running = yield* spawn({
      command: ["sh", "-c", script],
      environment: { PATH: process.env.PATH },
      secrets: secretsOf("v"),
      directory: "/",
      supervised: { onOutput, ...omitUndefined({ user }) }
    })
    return { ...running, said }
  })

const busyFor = (milliseconds: number) => {
  for (const until = performance.now() + milliseconds; performance.now() < until; );
}

const commandOf = (pid: number | string): string | undefined =>
  Fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0")[0]

describe.skipIf(process.platform !== "linux")("a supervised process", () => {
  it.scopedLive("has all of its output told before its end is, its last words too", () =>
    Effect.gen(function* () {
      const { exit, said } = yield* start("head -c 200000 /dev/zero; echo why >&2; printf last; exit 3")
      assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 3 })
      assert.strictEqual(said.stdout.length, 200_004)
      assert.isTrue(said.stdout.endsWith("last"))
      assert.strictEqual(said.stderr, "why\n")
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("ends also where what it leaves behind writes faster than anybody reads", () =>
    Effect.gen(function* () {
      const { spawn } = yield* ProcessSpawner
      const running = yield* spawn({
        command: ["sh", "-c", "yes & sleep 0.2"],
        environment: { PATH: process.env.PATH },
        secrets: secretsOf("v"),
        directory: "/",
        supervised: { onOutput: () => busyFor(20) }
      })
      assert.deepStrictEqual(yield* Effect.timeout(running.exit, "1 minute"), { _tag: "Exited", code: 0 })
      yield* running.stop("1 second")
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("that writes without a pause leaves us most of our time, and its words in their order", () =>
    Effect.gen(function* () {
      const { spawn } = yield* ProcessSpawner
      let busy = 0
      let said = ""
      const running = yield* spawn({
        command: ["sh", "-c", "seq 1 400000; exec seq 400001 410000"],
        environment: { PATH: process.env.PATH },
        secrets: secretsOf("v"),
        directory: "/",
        supervised: {
          onOutput: (_, piece) => {
            said += Buffer.from(piece).toString()
            busyFor(5)
            busy += 5
          }
        }
      })
      const began = performance.now()
      yield* running.exit
      assert.isBelow(busy, (performance.now() - began) / 2)
      const lines = said.trimEnd().split("\n")
      assert.isTrue(lines.every((line, index) => line === `${index + 1}`))
      assert.strictEqual(lines.length, 410_000)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("can open its output by name, has nothing on stdin, and a session of its own", () =>
    Effect.gen(function* () {
      const { exit, said, pid } = yield* start(
        "echo by name > /dev/stdout; wc -c; read -r stat < /proc/$$/stat; echo $stat; cat <&3"
      )
      assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 0 })
      const [name, stdin, stat = "", envelope = ""] = said.stdout.trimEnd().split("\n")
      assert.deepStrictEqual([name, stdin?.trim()], ["by name", "0"])
      assert.strictEqual(stat.replace(/^.*\) /, "").split(" ")[3], `${pid}`)
      assert.deepStrictEqual(JSON.parse(envelope).secrets, { A: "v" })
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("is stopped with what it has left behind in its session", () =>
    Effect.gen(function* () {
      const { stop, said, exit } = yield* start("sh -c 'sleep 1000 & echo $!' ; exec sleep 1000")
      const left = yield* Effect.promise(() =>
        eventually("a pid", () => /^\d+\n/.exec(said.stdout)?.[0].trim())
      )
      assert.isTrue(yield* stop("10 seconds"))
      assert.deepStrictEqual(yield* exit, { _tag: "Signalled", signal: "SIGTERM" })
      assert.isTrue(hasEnded(left))
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("is killed, with its group, when the scope closes, and leaves nothing open", () =>
    Effect.gen(function* () {
      const { spawn } = yield* ProcessSpawner
      yield* Effect.scoped(start("true").pipe(Effect.flatMap(({ exit }) => exit)))
      const before = openFiles("self").size
      const child = yield* Effect.scoped(
        Effect.gen(function* () {
          const { said } = yield* start("sleep 1000 & echo $!; wait")
          return yield* Effect.promise(() =>
            eventually("a pid", () => /^\d+\n/.exec(said.stdout)?.[0].trim())
          )
        })
      )
      yield* Effect.promise(() => eventually("its end", () => hasEnded(child)))
      yield* Effect.promise(() => eventually("as many open files", () => openFiles("self").size <= before))
      const missing = yield* Effect.flip(
        spawn({
          command: ["no-such-program-of-tako"],
          environment: { PATH: process.env.PATH },
          secrets: new Map(),
          supervised: { onOutput: () => {} }
        })
      )
      assert.strictEqual(missing.reason, "not-found")
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive.skipIf(!needs("setpriv"))("dies with us, however we end", () =>
    Effect.gen(function* () {
      const supervisor = yield* Effect.acquireRelease(
        Effect.promise(() => bundle(Path.join(import.meta.dirname, "fixture", "supervisor.ts"))),
        ({ remove }) => Effect.sync(remove)
      )
      const us = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawnChild(process.execPath, [supervisor.path, "sleep", "1000"], {
            stdio: ["ignore", "pipe", "inherit"]
          })
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      const pid = yield* Effect.async<string>((resume) => {
        us.stdout.once("data", (text) => resume(Effect.succeed(String(text).trim())))
      })
      // Until its wrapper has told the kernel and become the program, nothing would kill it.
      yield* Effect.promise(() => eventually("the program", () => commandOf(pid) === "sleep"))
      us.kill("SIGKILL")
      yield* Effect.promise(() => eventually("its end", () => hasEnded(pid)))
    })
  )

  it.scopedLive.skipIf(process.geteuid?.() !== 0)(
    "belongs to the user that it is given to, without groups",
    () =>
      Effect.gen(function* () {
        const user = { uid: 70_123, gid: 70_124 }
        const { exit, said } = yield* start(
          "id -u; id -G; dd iflag=nonblock if=/proc/$$/fd/3 2> /dev/null",
          user
        )
        assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 0 })
        const [uid, groups, envelope = ""] = said.stdout.trimEnd().split("\n")
        assert.deepStrictEqual([uid, groups], ["70123", "70124"])
        assert.deepStrictEqual(JSON.parse(envelope).secrets, { A: "v" })
      }).pipe(Effect.provide(layer))
  )

  it.scopedLive.skipIf(process.geteuid?.() !== 0)("keeps its envelope from another user", () =>
    Effect.gen(function* () {
      const theirs = yield* start("exec sleep 1000", { uid: 70_123, gid: 70_123 })
      const thief = yield* start(`dd iflag=nonblock if=/proc/${theirs.pid}/fd/3`, {
        uid: 70_125,
        gid: 70_125
      })
      yield* thief.exit
      assert.deepStrictEqual(thief.said.stdout, "")
      assert.match(thief.said.stderr, /Permission denied/)
    }).pipe(Effect.provide(layer))
  )
})
