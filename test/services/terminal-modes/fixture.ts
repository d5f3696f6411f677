import { execSync } from "node:child_process"
import * as Effect from "effect/Effect"
import { contractOf } from "../../../src/services/terminal-modes/contract.ts"
import { layer } from "../../../src/services/terminal-modes/layer.ts"
import { TerminalModes } from "../../../src/services/terminal-modes/terminal-modes.ts"

const sh = (line: string) => execSync(line, { stdio: "inherit" })
const stty = (modes: string) => Effect.sync(() => void sh(`stty ${modes}`))

/** Runs the contract on this process's own terminal. */
const keepContract = Effect.forEach(
  contractOf({
    current: Effect.sync(() =>
      execSync("stty -g", { stdio: ["inherit", "pipe", "inherit"], encoding: "utf8" })
    ),
    spoil: stty("raw -echo -isig"),
    spoilOtherwise: stty("-onlcr -ixon")
  }),
  ({ name, run }) =>
    Effect.zipRight(
      Effect.scoped(run),
      Effect.sync(() => console.log(`kept: ${name}`))
    )
)

const typed = new Promise((resolve) => process.once("SIGUSR2", resolve))

/** Spoils the terminal's modes, waits for a signal that somebody has typed, restores the modes, and reads what was typed. */
const keepInput = Effect.gen(function* () {
  const restore = yield* (yield* TerminalModes).save
  sh("stty raw -echo -isig; echo spoilt")
  const waiting = setInterval(() => {}, 60_000)
  yield* Effect.promise(() => typed)
  clearInterval(waiting)
  yield* restore
  sh('read line; echo "got $line"')
})

Effect.runPromise(Effect.provide(process.argv[2] === "contract" ? keepContract : keepInput, layer))
