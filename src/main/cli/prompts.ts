import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { NoTerminal } from "../../domain/errors/user.ts"
import { Stdio } from "../../services/stdio/stdio.ts"
import { Terminal } from "../../services/terminal/terminal.ts"

/** Asked for without echo when stdin is a terminal; else all of stdin less one final newline. */
export const hiddenInput = Effect.fnUntraced(function* (question: string, instead: string) {
  const stdio = yield* Stdio
  const terminal = yield* Terminal
  if (!stdio.stdinIsTerminal) {
    const text = yield* stdio.readStdin
    return Redacted.make(Redacted.value(text).replace(/\n$/, ""))
  }
  if (!(yield* terminal.isThere))
    return yield* new NoTerminal({ question: question.replace(/: $/, ""), instead })
  return yield* terminal.askHidden(question)
})

/** Asks unless --yes was given; where nobody can be asked, --yes is needed. */
export const agreed = Effect.fnUntraced(function* (question: string, yes: boolean) {
  if (yes) return true
  const terminal = yield* Terminal
  if (!(yield* terminal.isThere)) {
    return yield* new NoTerminal({ question, instead: "If you mean it: add --yes" })
  }
  return yield* terminal.confirm(question, { default: false })
})
