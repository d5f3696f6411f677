import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ProcessNotStarted } from "../../../src/domain/errors/processes.ts"
import { portReport, silent } from "../../../src/domain/port-report.ts"
import { contractOf, missing, type Stage } from "../../../src/services/process-spawner/contract.ts"
import { layer, layerOf } from "../../../src/services/process-spawner/layer.ts"
import { layerMemory, StartedProcesses } from "../../../src/services/process-spawner/layer-memory.ts"
import { ProcessSpawner } from "../../../src/services/process-spawner/process-spawner.ts"
import { testContract } from "../../support/contract.ts"
import { eventually } from "../../support/eventually.ts"
import { temporaryFolder } from "../files/folder.ts"

/** Each process writes its environment to a new file, and waits for `end` with its exit code. */
const realStage: Effect.Effect<Stage<never>, never, Scope.Scope> = Effect.map(temporaryFolder(), (folder) => {
  const inFolder = (name: string) => Path.join(folder, name)
  const script = [
    `env -0 > "${folder}/$$.tmp"; mv "${folder}/$$.tmp" "${folder}/$$.env" 2> /dev/null`,
    `while ! [ -s "${folder}/end" ]; do sleep 0.01`,
    `if [ -e "${folder}/write" ]; then cat "${folder}/write" >&4; exec 4>&-; rm -f "${folder}/write"; fi`,
    `done; read code < "${folder}/end"; exit "$code"`
  ].join("\n")
  const told = new Set<string>()
  return {
    command: ["sh", "-c", script],
    end: (code) => Effect.sync(() => Fs.writeFileSync(inFolder("end"), `${code}\n`)),
    write: (text) =>
      Effect.sync(() => {
        Fs.writeFileSync(inFolder("write.tmp"), text)
        Fs.renameSync(inFolder("write.tmp"), inFolder("write"))
      }),
    environment: Effect.promise(async () => {
      const name = await eventually("an environment", () =>
        Fs.readdirSync(folder).find((each) => each.endsWith(".env") && !told.has(each))
      )
      told.add(name)
      const variables = Fs.readFileSync(inFolder(name), "utf8").split("\0").filter(Boolean)
      return Object.fromEntries(
        variables.map((variable) => {
          const at = variable.indexOf("=")
          return [variable.slice(0, at), variable.slice(at + 1)]
        })
      )
    })
  }
})

const last = Effect.map(Effect.flatten(StartedProcesses), (all) => {
  const process = all.at(-1)
  if (process === undefined) throw new Error("nothing was started")
  return process
})

const memory = layerMemory({
  refuse: ({ command: [command] }) =>
    command === missing ? new ProcessNotStarted({ command, reason: "not-found", code: "ENOENT" }) : undefined
})

testContract("ProcessSpawner of the operating system", contractOf(realStage), layer)
testContract("ProcessSpawner with a pool", contractOf(realStage), layerOf({ poolSize: 3 }))
testContract(
  "ProcessSpawner in memory",
  contractOf(
    Effect.succeed({
      command: ["program", "--flag"],
      write: (text) =>
        Effect.flatMap(last, ({ report }) => report(portReport(Buffer.from(text), true) ?? silent)),
      end: (code) => Effect.flatMap(last, ({ end }) => end({ _tag: "Exited", code })),
      environment: Effect.map(last, ({ spec }) => spec.environment)
    })
  ),
  memory
)

describe("ProcessSpawner in memory", () => {
  it.scoped("records what was started, and which signals it was sent while it ran", () =>
    Effect.gen(function* () {
      const { spawn } = yield* ProcessSpawner
      const started = yield* StartedProcesses
      const { exit, signal } = yield* spawn({ command: ["server"], environment: {}, secrets: new Map() })
      yield* signal("SIGTERM")
      yield* signal("SIGHUP")
      yield* signal("SIGTERM")
      const [recorded] = yield* started
      assert.deepStrictEqual(recorded?.spec.command, ["server"])
      assert.deepStrictEqual(yield* recorded?.signals ?? Effect.succeed([]), ["SIGTERM", "SIGHUP"])
      assert.deepStrictEqual(yield* exit, { _tag: "Signalled", signal: "SIGHUP" })
    }).pipe(Effect.provide(layerMemory({ traps: ["SIGTERM"] })))
  )
})
