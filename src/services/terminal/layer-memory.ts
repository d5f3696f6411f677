import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Interrupted } from "../../domain/errors/user.ts"
import { printable } from "../../domain/printable.ts"
import * as Line from "./line.ts"
import { over } from "./questions.ts"
import { Terminal } from "./terminal.ts"

/** One line of a conversation: a question (as often as it was asked), or a line that was shown. */
export interface Said {
  readonly kind: "hidden" | "visible" | "shown"
  readonly text: string
}

/** What a scripted terminal has shown its person so far; never what was answered. */
export class TerminalTranscript extends Context.Tag("tako/TerminalTranscript")<
  TerminalTranscript,
  Effect.Effect<ReadonlyArray<Said>>
>() {}

/** Ctrl-C instead of an answer. */
export const interrupt: unique symbol = Symbol.for("tako/Terminal/interrupt")

/**
 * A person who gives these answers, one a question, in order, each whole (line breaks included, as in a paste), and who
 * leaves when there are no more: the question that is asked then is Interrupted. For tests.
 */
export const layerMemory = (options: {
  readonly isThere?: boolean
  readonly answers?: ReadonlyArray<string | typeof interrupt>
}): Layer.Layer<Terminal | TerminalTranscript> =>
  Layer.effectContext(
    Effect.sync(() => {
      const answers = [...(options.answers ?? [])]
      const said: Array<Said> = []
      const terminal = over({
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
