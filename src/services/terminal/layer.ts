import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { printable } from "../../domain/printable.ts"
import { over } from "./questions.ts"
import { path } from "./raw-mode.ts"
import { readLine } from "./read-line.ts"
import { Terminal } from "./terminal.ts"

/** The controlling terminal, opened for each question anew; without one, `isThere` is false. */
export const layer = Layer.sync(Terminal, () => {
  const escapes = !["", "dumb"].includes(process.env.TERM ?? "")
  return over({
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
      Effect.acquireUseRelease(
        Effect.sync(() => Fs.openSync(path, "w")),
        (fd) => Effect.sync(() => Fs.writeSync(fd, `${printable(line)}\n`)),
        (fd) => Effect.sync(() => Fs.closeSync(fd))
      )
  })
})
