import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { fold } from "../../domain/fold.ts"
import { printable } from "../../domain/printable.ts"
import { terminalOn } from "./questions.ts"
import { path, terminalOutput } from "./raw-mode.ts"
import { readLine } from "./read-line.ts"
import { Terminal } from "./terminal.ts"

/** The controlling terminal, opened anew for each question; `isThere` is false without one. */
export const layer = Layer.sync(Terminal, () => {
  const escapes = !["", "dumb"].includes(process.env.TERM ?? "")
  return terminalOn({
    isThere: Effect.sync(() => {
      try {
        Fs.closeSync(Fs.openSync(path, "r+"))
        return true
      } catch {
        return false
      }
    }),
    readLine: (question) => readLine(question, escapes),
    show: (line) =>
      Effect.scoped(
        Effect.map(terminalOutput, ({ fd, stream }) => {
          Fs.writeSync(fd, `${fold(printable(line), stream.columns || 80)}\n`)
        })
      )
  })
})
