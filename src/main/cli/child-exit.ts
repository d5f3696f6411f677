import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type { ProcessExit } from "../../domain/process.ts"
import { Signals } from "../../services/signals/signals.ts"
import { isTerminal } from "../../services/stdio/layer.ts"

/**
 * Node gives a terminal the attributes back that it had when Node started (ResetStdio in its node.cc): that would undo
 * what the program set, and from the background what the shell's next program has set. Not for another file, though.
 */
export const letGoOfTerminal = Effect.sync(() => {
  for (const fd of [0, 1, 2]) {
    if (!isTerminal(fd)) continue
    Fs.closeSync(fd)
    // The lowest number that is free: this one (open(2)).
    Fs.openSync("/dev/null", fd === 0 ? "r" : "w")
  }
})

/** These would leave a core dump of ours beside the program's (signal(7)). */
const dumpsCore = new Set([
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGSEGV",
  "SIGSYS",
  "SIGXCPU",
  "SIGXFSZ"
])

/** Ends as the program did: with its exit code, or of the same signal. */
export const endAs = (exit: ProcessExit) => {
  if (exit._tag === "Exited") return Effect.succeed(exit.code)
  const { signal } = exit
  return dumpsCore.has(signal)
    ? Effect.succeed(128 + (Os.constants.signals[signal as NodeJS.Signals] ?? 0))
    : Effect.flatMap(Signals, ({ dieOf }) => dieOf(signal))
}
