import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ProcessNotStarted } from "../../../src/domain/errors/processes.ts"
import { missing } from "../../../src/services/process-spawner/contract.ts"
import { layer, layerOf } from "../../../src/services/process-spawner/layer.ts"
import { eventually } from "../../support/eventually.ts"
import { temporaryFolder } from "../files/folder.ts"
import { openFiles, openPipes } from "./proc.ts"
import { type Stage, secretsOf, secretsOfSize, stage } from "./reader.ts"

const MiB = 1024 * 1024
const idle = ["sh", "-c", "while :; do sleep 1; done"] as const

const environmentOf = (pid: number): string => Fs.readFileSync(`/proc/${pid}/environ`, "latin1")
const pipeOf = (pid: number): string => /(?:^|\0)TAKO_PIPE=(\d+:\d+)/.exec(environmentOf(pid))?.[1] ?? "none"

/** A child of ours that has nothing to do with secrets. */
const sibling = Effect.acquireRelease(
  Effect.sync(() => spawn("sleep", ["1000"], { stdio: "ignore" })),
  (child: ChildProcess) =>
    Effect.async<void>((resume) => {
      child.once("exit", () => resume(Effect.void))
      child.kill("SIGKILL")
    })
)

describe.skipIf(process.platform !== "linux")("a pipe", () => {
  it.scopedLive("is in its own program alone when twelve are started at once", () =>
    Effect.gen(function* () {
      const { start } = yield* stage
      const secrets = secretsOfSize(MiB)
      const [programs, siblings] = yield* Effect.all(
        [
          Effect.all(
            Array.from({ length: 12 }, () => start(idle, secrets)),
            { concurrency: "unbounded" }
          ),
          Effect.all(
            Array.from({ length: 4 }, () => Effect.delay(sibling, "1 millis")),
            { concurrency: "unbounded" }
          )
        ],
        { concurrency: "unbounded" }
      )
      const late = yield* sibling
      const pipes = programs.map(({ pid }) => pipeOf(pid))
      assert.strictEqual(new Set(pipes).size, 12)
      const ours = (pid: number) => [...openPipes(pid)].filter(([, pipe]) => pipes.includes(pipe))
      for (const [index, { pid }] of programs.entries()) {
        assert.deepStrictEqual(ours(pid), [[3, pipes[index]]])
      }
      for (const { pid } of [...siblings, late]) assert.deepStrictEqual(ours(pid as number), [])
      // Of ours, the write end of each.
      assert.sameMembers(
        [...openPipes("self").values()].filter((pipe) => pipes.includes(pipe)),
        pipes
      )
    }).pipe(Effect.provide(layerOf({ poolSize: 8 })))
  )

  it.scopedLive("leaves nothing open in us after a hundred programs, started or not", () =>
    Effect.gen(function* () {
      const { start } = yield* stage
      const one = (command: readonly [string, ...ReadonlyArray<string>]) =>
        Effect.scoped(Effect.flatMap(start(command, secretsOfSize(MiB)), ({ exit }) => exit))
      const attempt = (index: number) =>
        index % 4 === 0
          ? Effect.catchAll(one([missing]), (_: ProcessNotStarted) => Effect.void)
          : one(["true"])
      yield* attempt(0)
      yield* attempt(1)
      const before = openFiles("self").size
      yield* Effect.forEach(Array.from({ length: 100 }).keys(), attempt, { concurrency: 4 })
      yield* Effect.promise(() =>
        eventually("as many open files as before", () => openFiles("self").size <= before)
      )
    }).pipe(Effect.provide(layerOf({ poolSize: 16 })))
  )

  it.scopedLive("is nowhere in arguments and environment", () =>
    Effect.gen(function* () {
      const { start } = yield* stage
      const { pid } = yield* start(idle, secretsOf("canary-in-the-pipe"))
      for (const file of ["environ", "cmdline"]) {
        assert.notInclude(Fs.readFileSync(`/proc/${pid}/${file}`, "latin1"), "canary-in-the-pipe")
      }
    }).pipe(Effect.provide(layer))
  )
})

describe("a pipe's name", () => {
  /** With a TMPDIR of its own, made before there is a pipe. */
  const withTemporary = <A, E>(test: (temporary: string, on: Stage) => Effect.Effect<A, E, Scope.Scope>) =>
    Effect.gen(function* () {
      const on = yield* stage
      const temporary = yield* temporaryFolder()
      const before = process.env.TMPDIR
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          process.env.TMPDIR = temporary
        }),
        () =>
          Effect.sync(() => {
            if (before === undefined) delete process.env.TMPDIR
            else process.env.TMPDIR = before
          })
      )
      yield* Effect.scoped(test(temporary, on))
      return temporary
    })

  it.scopedLive("is gone before the program is there", () =>
    withTemporary((temporary, { start, read }) =>
      Effect.gen(function* () {
        const { exit } = yield* start(["sh", "-c", 'ls -A "$LISTED" >listing'], secretsOf("v"), {
          LISTED: temporary
        })
        assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 0 })
        assert.strictEqual(read("listing").toString(), "")
      })
    ).pipe(Effect.provide(layer))
  )

  it.scopedLive("is ours alone, gone with the pool, and made anew when somebody cleans it away", () =>
    Effect.gen(function* () {
      const temporary = yield* withTemporary((temporary, { start }) =>
        Effect.gen(function* () {
          yield* (yield* start(["true"])).exit
          const [pool = ""] = Fs.readdirSync(temporary)
          const modeOf = (path: string) => Fs.statSync(path).mode & 0o777
          assert.strictEqual(modeOf(`${temporary}/${pool}`), 0o700)
          const names = Fs.readdirSync(`${temporary}/${pool}`)
          assert.deepStrictEqual(
            names.map((name) => modeOf(`${temporary}/${pool}/${name}`)),
            [0o600, 0o600]
          )
          Fs.rmSync(`${temporary}/${pool}`, { recursive: true })
          assert.deepStrictEqual(yield* (yield* start(["true"])).exit, { _tag: "Exited", code: 0 })
          assert.lengthOf(Fs.readdirSync(temporary), 1)
        })
      ).pipe(Effect.provide(layerOf({ poolSize: 3 })))
      assert.isFalse(Fs.existsSync(temporary) && Fs.readdirSync(temporary).length > 0)
    })
  )

  it.scopedLive("finds a place where TMPDIR is none", () =>
    withTemporary((temporary, { start }) =>
      Effect.gen(function* () {
        Fs.rmdirSync(temporary)
        const { exit } = yield* start(["true"])
        assert.deepStrictEqual(yield* exit, { _tag: "Exited", code: 0 })
      })
    ).pipe(Effect.provide(layer))
  )
})
