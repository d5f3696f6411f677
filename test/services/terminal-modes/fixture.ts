import { execSync } from "node:child_process"
import * as Effect from "effect/Effect"
import { layer } from "../../../src/services/terminal-modes/layer.ts"
import { TerminalModes } from "../../../src/services/terminal-modes/terminal-modes.ts"

// Spoils the terminal's modes, leaves time for somebody to type, restores the modes, and reads what was typed.
const sh = (line: string) => execSync(line, { stdio: "inherit" })
Effect.runPromise(
  Effect.flatMap(TerminalModes, ({ save }) =>
    Effect.gen(function* () {
      const restore = yield* save
      sh("stty raw -echo -isig; echo spoilt; sleep 0.3")
      yield* restore
      sh('read line; echo "got $line"')
    })
  ).pipe(Effect.provide(layer))
)
