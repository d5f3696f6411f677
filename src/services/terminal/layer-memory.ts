import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Interrupted } from "../../domain/errors/user.ts"
import { printable } from "../../domain/printable.ts"
import * as Line from "./line.ts"
import { terminalOn } from "./questions.ts"
import { Terminal } from "./terminal.ts"

/** One line of a conversation: a question (repeated each time it is asked), or a line that was shown. */
export interface Said {
  readonly kind: "hidden" | "visible" | "shown"
  readonly text: string
}

/** What a scripted terminal has shown so far; never the answers. */
export class TerminalTranscript extends Context.Tag("tako/TerminalTranscript")<
  TerminalTranscript,
  Effect.Effect<ReadonlyArray<Said>>
>() {}

/** Ctrl-C instead of an answer. */
export const interrupt: unique symbol = Symbol.for("tako/Terminal/interrupt")

/**
 * Answers questions with these texts, in order, each as a whole (line breaks included, as in a paste). When they have
 * run out, the next question is Interrupted. For tests.
 */
export const layerMemory = (options: {
  readonly isThere?: boolean
  readonly answers?: ReadonlyArray<string | typeof interrupt>
}): Layer.Layer<Terminal | TerminalTranscript> =>
  Layer.effectContext(
    Effect.sync(() => {
      const answers = [...(options.answers ?? [])]
      const said: Array<Said> = []
      const terminal = terminalOn({
        isThere: Effect.succeed(options.isThere ?? true),
        readLine: ({ hidden, text }) =>
          Effect.suspend(() => {
            said.push({ kind: hidden ? "hidden" : "visible", text: printable(text) })
            const answer = answers.shift()
            if (answer === undefined || answer === interrupt) return new Interrupted()
            return Effect.succeed(typed(answer))
          }),
        show: (line) =>
          Effect.sync(() => {
            said.push({ kind: "shown", text: printable(line) })
          })
      })
      return Context.make(Terminal, terminal).pipe(
        Context.add(
          TerminalTranscript,
          Effect.sync(() => [...said])
        )
      )
    })
  )

const typed = (answer: string): Line.Line =>
  Line.feed(Line.empty, new TextEncoder().encode(`\x1b[200~${answer}\x1b[201~\r`))
