import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { layerOf } from "../../../src/services/process-spawner/layer.ts"
import { ProcessSpawner } from "../../../src/services/process-spawner/process-spawner.ts"
import { writableCgroup } from "../../support/cgroup.ts"
import { eventually } from "../../support/eventually.ts"
import { temporaryFolder } from "../files/folder.ts"
import { hasEnded } from "./proc.ts"

const own = writableCgroup ?? ""
const options = { poolSize: 1, ownCgroups: true }

const spawnIn = (spawner: ProcessSpawner["Type"], script: string, directory = "/") =>
  spawner.spawn({
    command: ["sh", "-c", script],
    environment: { PATH: process.env.PATH },
    secrets: new Map(),
    directory,
    supervised: { onOutput: () => {} }
  })

const cgroupOf = (pid: number | string): string =>
  /^0::(.*)$/m.exec(Fs.readFileSync(`/proc/${pid}/cgroup`, "latin1"))?.[1] ?? ""

const foldersOf = (pid: number): ReadonlyArray<string> =>
  Fs.readdirSync(own).filter((name) => name.startsWith(`tako-server.${pid}.`))

/** Starts what leaves its parent, session and environment, and returns its pid. */
const escapes = Effect.fnUntraced(function* (spawner: ProcessSpawner["Type"]) {
  const folder = yield* temporaryFolder()
  const script = "setsid sh -c 'exec env -i sh -c \"echo \\$\\$ > pid; while :; do sleep 1000; done\"' & wait"
  const running = yield* spawnIn(spawner, script, folder)
  const pid = yield* Effect.promise(() =>
    eventually(
      "the pid",
      () => Fs.existsSync(`${folder}/pid`) && Fs.readFileSync(`${folder}/pid`, "utf8").trim()
    )
  )
  return { running, pid }
})

describe.skipIf(writableCgroup === undefined)("a process in a cgroup of its own", () => {
  it.scopedLive("is stopped with whatever it has started", () =>
    Effect.gen(function* () {
      const { running, pid } = yield* escapes(yield* ProcessSpawner)
      assert.isFalse(hasEnded(pid))
      assert.isTrue(yield* running.stop("1 second"))
      assert.isTrue(hasEnded(pid))
    }).pipe(Effect.provide(layerOf(options)))
  )

  it.scopedLive("is killed with whatever it has started when its scope closes, and leaves no cgroup", () =>
    Effect.gen(function* () {
      const layers = yield* Scope.make()
      const context = yield* Layer.buildWithScope(layerOf(options), layers)
      const scope = yield* Scope.make()
      const { pid } = yield* Scope.extend(escapes(Context.get(context, ProcessSpawner)), scope)
      const cgroup = cgroupOf(pid)
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(hasEnded(pid))
      const [folder] = foldersOf(process.pid)
      assert.isFalse(Fs.existsSync(`${own}/${folder}/${cgroup.split("/").at(-1)}`))
      yield* Scope.close(layers, Exit.void)
      assert.deepStrictEqual(foldersOf(process.pid), [])
    })
  )

  it.scopedLive("cannot start anything outside, however early it forks, while we stay outside", () =>
    Effect.gen(function* () {
      const ours = cgroupOf("self")
      const spawner = yield* ProcessSpawner
      const groups = new Set<string>()
      for (let start = 0; start < 30; start++) {
        const folder = yield* temporaryFolder()
        yield* spawnIn(
          spawner,
          "cat /proc/self/cgroup > cgroup & echo $$ > pid; wait; exec sleep 1000",
          folder
        )
        const found = yield* Effect.promise(() =>
          eventually("its cgroup", () => {
            const path = `${folder}/cgroup`
            return Fs.existsSync(path) && /^0::(.*)$/m.exec(Fs.readFileSync(path, "latin1"))?.[1]
          })
        )
        groups.add(found)
        assert.strictEqual(cgroupOf("self"), ours)
      }
      assert.strictEqual(groups.size, 30)
      assert.notInclude([...groups], ours)
    }).pipe(Effect.provide(layerOf(options)))
  )

  it.scopedLive("is killed by the next server in the same cgroup if its own was killed", () =>
    Effect.gen(function* () {
      const dead = spawn("true")
      yield* Effect.promise(() => new Promise((resolve) => dead.once("exit", resolve)))
      const folder = `${own}/tako-server.${dead.pid}.1`
      Fs.mkdirSync(`${folder}/0`, { recursive: true })
      const survivor = spawn("sleep", ["1000"])
      yield* Effect.addFinalizer(() => Effect.sync(() => survivor.kill("SIGKILL")))
      Fs.writeFileSync(`${folder}/0/cgroup.procs`, `${survivor.pid}`)
      const exit = new Promise<string>((resolve) =>
        survivor.once("exit", (_, signal) => resolve(`${signal}`))
      )
      yield* Layer.build(layerOf(options))
      assert.strictEqual(yield* Effect.promise(() => exit), "SIGKILL")
      assert.isFalse(Fs.existsSync(folder))
    })
  )
})
