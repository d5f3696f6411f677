import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { layerMemory, TerminalModesControl } from "../../../src/services/terminal-modes/layer-memory.ts"
import { TerminalModes } from "../../../src/services/terminal-modes/terminal-modes.ts"
import { bundle } from "../../support/bundle.ts"
import { needs } from "../../support/needs.ts"
import { play, send, untilFlags, wait } from "../../support/pty.ts"

describe("TerminalModes", () => {
  it.live.skipIf(!needs("python3"))("are restored with every flag, and unread keystrokes are kept", () =>
    Effect.promise(async () => {
      const program = await bundle(Path.join(import.meta.dirname, "fixture.ts"))
      const directory = Path.dirname(program.path)
      try {
        const { restored, output, exit } = await play({
          command: [process.execPath, program.path],
          directory,
          environment: { PATH: process.env.PATH ?? "" },
          steps: [
            wait("spoilt"),
            send("early "),
            untilFlags({ ICANON: true, ECHO: true, ISIG: true }),
            send("late\r"),
            wait("got early late")
          ]
        })
        assert.deepStrictEqual(exit, { code: 0 }, output)
        assert.isTrue(restored)
      } finally {
        program.remove()
      }
    })
  )

  it.effect("are restored in memory", () =>
    Effect.gen(function* () {
      const modes = yield* TerminalModesControl
      const restore = yield* (yield* TerminalModes).save
      yield* Ref.set(modes, "raw")
      yield* restore
      assert.strictEqual(yield* Ref.get(modes), "cooked")
    }).pipe(Effect.provide(layerMemory))
  )
})
