import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { ValueRefused } from "../../domain/errors/secrets.ts"
import type { Interrupted } from "../../domain/errors/user.ts"
import { decodeValue } from "../../domain/sealed-value.ts"
import { type Line, withoutFinalBreak } from "./line.ts"
import type { Terminal } from "./terminal.ts"

/** A question for one line. The hint shows possible answers, such as "[y/N]". */
export interface Question {
  readonly text: string
  readonly hint: string
  readonly hidden: boolean
}

/** What each layer of Terminal provides: reading a line and showing a line. */
interface Screen {
  readonly isThere: Effect.Effect<boolean>
  /** The line after Enter. */
  readonly readLine: (question: Question) => Effect.Effect<Line, Interrupted>
  readonly show: (line: string) => Effect.Effect<void>
}

export const terminalOn = (screen: Screen): Context.Tag.Service<Terminal> => {
  const askFor = (text: string, hint: string) =>
    Effect.map(screen.readLine({ text, hint, hidden: false }), (line) => new TextDecoder().decode(line.bytes))

  const askUntil = <A>(
    text: string,
    hint: string,
    parse: (answer: string) => Option.Option<A>,
    advice: string
  ): Effect.Effect<A, Interrupted> =>
    Effect.flatMap(askFor(text, hint), (answer) =>
      Option.match(parse(answer), {
        onSome: Effect.succeed,
        onNone: () => Effect.zipRight(screen.show(advice), askUntil(text, hint, parse, advice))
      })
    )

  return {
    isThere: screen.isThere,
    show: screen.show,
    askHidden: (text) => Effect.flatMap(screen.readLine({ text, hint: "", hidden: true }), hiddenValue),
    ask: (text) => askFor(text, ""),
    confirm: (text, options) =>
      askUntil(
        text,
        options.default ? "[Y/n]" : "[y/N]",
        (answer) => yesOrNo(answer, options.default),
        "Please type y or n."
      ),
    choose: (text, choices) =>
      Effect.zipRight(
        Effect.forEach([text, ...choices.map((each, at) => `  ${at + 1}) ${each}`)], screen.show, {
          discard: true
        }),
        askUntil(
          "Number or name",
          "",
          (answer) => choice(answer, choices),
          `Please type a number from 1 to ${choices.length}, or one of the names.`
        )
      )
  }
}

const hiddenValue = (line: Line): Effect.Effect<Redacted.Redacted<string>, ValueRefused> => {
  if (line.more) return new ValueRefused({ reason: "lines" })
  return line.tooLarge ? new ValueRefused({ reason: "too-large" }) : decodeValue(withoutFinalBreak(line))
}

/** "y" and "yes" mean yes, "n" and "no" mean no, an empty answer the default; none for anything else. */
const yesOrNo = (answer: string, byDefault: boolean): Option.Option<boolean> => {
  switch (answer.trim().toLowerCase()) {
    case "":
      return Option.some(byDefault)
    case "y":
    case "yes":
      return Option.some(true)
    case "n":
    case "no":
      return Option.some(false)
    default:
      return Option.none()
  }
}

/** The choice with this text, or else with this number, counted from 1; none for anything else. */
export const choice = (answer: string, choices: ReadonlyArray<string>): Option.Option<string> => {
  const typed = answer.trim()
  if (choices.includes(typed)) return Option.some(typed)
  return /^[0-9]{1,9}$/.test(typed) ? Option.fromNullable(choices[Number(typed) - 1]) : Option.none()
}
