import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type { ProcessExit } from "../../domain/process.ts"
import { Signals } from "../../services/signals/signals.ts"
import { isTerminal } from "../../services/stdio/layer.ts"

/**
 * Keeps Node from restoring the terminal attributes of its own start when it exits (ResetStdio in its node.cc). That would
 * undo what the program set, or, from the background, what the shell's next program has set. Node skips other files.
 */
export const detachTerminal = Effect.sync(() => {
  for (const fd of [0, 1, 2]) {
    if (!isTerminal(fd)) continue
    Fs.closeSync(fd)
    // Gets the lowest free number, which is this one (open(2)).
    Fs.openSync("/dev/null", fd === 0 ? "r" : "w")
  }
})

/** Dying of one of these would leave a core dump of tako beside the program's (signal(7)). */
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

/** Ends as the program did: with its exit code, or by the same signal. */
export const exitLikeChild = (exit: ProcessExit) => {
  if (exit._tag === "Exited") return Effect.succeed(exit.code)
  const { signal } = exit
  return dumpsCore.has(signal)
    ? Effect.succeed(128 + (Os.constants.signals[signal as NodeJS.Signals] ?? 0))
    : Effect.flatMap(Signals, ({ terminateWith }) => terminateWith(signal))
}
