import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { NoTerminal } from "../../domain/errors/user.ts"
import { Stdio } from "../../services/stdio/stdio.ts"
import { Terminal } from "../../services/terminal/terminal.ts"

/** Asks without echo if stdin is a terminal; else reads all of stdin, less one final newline. */
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

/** Asks unless --yes was given. Without a terminal, --yes is required. */
export const confirmed = Effect.fnUntraced(function* (question: string, yes: boolean) {
  if (yes) return true
  const terminal = yield* Terminal
  if (!(yield* terminal.isThere)) {
    return yield* new NoTerminal({ question, instead: "If you are sure, add --yes." })
  }
  return yield* terminal.confirm(question, { default: false })
})
