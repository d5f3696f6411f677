import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isTerminal } from "./is-terminal.ts"
import { readStdin } from "./read-stdin.ts"
import { stdinText } from "./stdin-text.ts"
import { Stdio } from "./stdio.ts"
import { write } from "./write.ts"

/** The streams that this process was started with. */
export const layer = Layer.sync(Stdio, () => ({
  stdinIsTerminal: isTerminal(0),
  stdoutIsTerminal: isTerminal(1),
  stderrIsTerminal: isTerminal(2),
  readStdin: Effect.flatMap(readStdin, stdinText),
  out: (text) => write(1, text),
  // With stderr gone there is nobody left to tell.
  say: (line) => Effect.catchAllDefect(write(2, `${line}\n`), () => Effect.void)
}))
