import * as Effect from "effect/Effect"
import { displayWidth } from "../../domain/display-width.ts"
import { Interrupted } from "../../domain/errors/user.ts"
import * as Line from "./line.ts"
import { layOut, picture, repaint } from "./paint.ts"
import type { Question } from "./questions.ts"
import { beforeFatalSignal, type RawTerminal, rawTerminal } from "./raw-mode.ts"

/** Input this soon after Enter arrived with it: people are slower, pastes faster. */
const burst = 100
/** How long to drain a paste into a terminal without bracketed paste. */
const longestBurst = 2000
/** After this long, ESC was a key by itself and not the start of a sequence (readline's keyseq-timeout). */
const loneEscape = 500
/** How long a stop signal may take to stop us. */
const stopDelay = 50

/** Reads one line on the terminal; `escapes` says whether it understands control sequences. */
export const readLine = (question: Question, escapes: boolean): Effect.Effect<Line.Line, Interrupted> =>
  Effect.gen(function* () {
    let cleanUp = (): void => {}
    yield* beforeFatalSignal(() => cleanUp())
    const terminal = yield* rawTerminal(escapes && question.hidden)
    cleanUp = terminal.suspend
    return yield* Effect.async<Line.Line, Interrupted>((resume) => {
      cleanUp = () => {
        terminal.suspend()
        resume(new Interrupted())
      }
      return Effect.sync(
        converse(terminal, question, (line) => {
          resume(line?.end === "entered" ? Effect.succeed(line) : new Interrupted())
        })
      )
    })
  }).pipe(Effect.scoped)

/** Calls `finish` once, without a line if the terminal is gone. Returns a function that ends the conversation. */
const converse = (
  terminal: RawTerminal,
  question: Question,
  finish: (line?: Line.Line) => void
): (() => void) => {
  const prompt = layOut(question.text, question.hint, terminal.columns)
  const room = terminal.columns - displayWidth(prompt.before) - 1
  let line = Line.empty
  let shown = ""
  let quiet: NodeJS.Timeout | undefined
  let longest: NodeJS.Timeout | undefined

  const ask = () => {
    shown = picture(line, question.hidden, room)
    terminal.write([...prompt.above, prompt.before + shown].join("\n"))
  }
  const stop = () => {
    clearTimeout(quiet)
    clearTimeout(longest)
    process.removeListener("SIGCONT", onContinue)
    terminal.input.off("data", onData).off("end", onGone).off("close", onGone).pause()
  }
  const end = (last?: Line.Line) => {
    stop()
    finish(last)
  }
  const onGone = () => end()
  // The shell may have changed the modes while we were stopped; an answer must not be echoed.
  const onContinue = () => {
    clearTimeout(quiet)
    terminal.suspend()
    terminal.resume()
    ask()
  }
  const later = (milliseconds: number, then: () => void) => {
    clearTimeout(quiet)
    quiet = setTimeout(then, milliseconds)
  }
  const onData = (chunk: Buffer) => {
    const before = line
    line = Line.feed(line, chunk)
    if (line.end === "interrupted") return end()
    const now = picture(line, question.hidden, room)
    terminal.write(repaint(shown, now))
    shown = now
    if (line.end === "entered") {
      longest ??= setTimeout(() => end(line), longestBurst)
      return later(burst, () => end(line))
    }
    if (line.suspensions > before.suspensions) {
      terminal.suspend()
      // The whole foreground job, as the terminal itself would do.
      process.kill(0, "SIGTSTP")
      // The system does not stop an orphaned process group, because nobody could continue it.
      later(stopDelay, () => {
        terminal.resume()
        ask()
      })
    } else if (line.decoder.mode === "escape") {
      later(loneEscape, () => {
        line = Line.endEscape(line)
      })
    }
  }

  ask()
  process.on("SIGCONT", onContinue)
  terminal.input
    .on("data", onData)
    .on("end", () => end())
    .on("close", () => end())
  return stop
}
