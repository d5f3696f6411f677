import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { contractOf } from "../../../src/services/terminal-modes/contract.ts"
import { layerMemory, TerminalModesControl } from "../../../src/services/terminal-modes/layer-memory.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { testContract } from "../../support/contract.ts"
import { needs } from "../../support/needs.ts"
import { exit, kill, play, type Step, send, untilFlags, wait } from "../../support/pty.ts"

const inMemory = Effect.flatMap(TerminalModesControl, (modes) => Ref.get(modes))
const setInMemory = (modes: string) =>
  Effect.flatMap(TerminalModesControl, (control) => Ref.set(control, modes))
const contract = contractOf({
  current: inMemory,
  spoil: setInMemory("raw"),
  spoilOtherwise: setInMemory("silent")
})

testContract("TerminalModes in memory", contract, layerMemory)

describe.skipIf(!needs("python3"))("TerminalModes of a terminal", () => {
  let program: Bundle
  beforeAll(async () => {
    program = await bundle(Path.join(import.meta.dirname, "fixture.ts"))
  })
  afterAll(() => program.remove())

  const run = async (task: string, steps: ReadonlyArray<Step>) => {
    const played = await play({
      command: [process.execPath, program.path, task],
      directory: Path.dirname(program.path),
      environment: { PATH: process.env.PATH ?? "" },
      steps
    })
    assert.deepStrictEqual(played.exit, { code: 0 }, played.output)
    assert.isTrue(played.restored)
    return played.output
  }

  it("keep the contract", async () => {
    const output = await run("contract", [exit])
    for (const { name } of contract) assert.include(output, `kept: ${name}`)
  })

  it("are restored with every flag, and unread keystrokes are kept", async () => {
    await run("input", [
      wait("spoilt"),
      send("early "),
      kill("SIGUSR2"),
      untilFlags({ ICANON: true, ECHO: true, ISIG: true }),
      send("late\r"),
      wait("got early late")
    ])
  })
})
