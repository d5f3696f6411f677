import * as Assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Contract } from "../contract.ts"
import { interrupt } from "./layer-memory.ts"
import { Terminal } from "./terminal.ts"

/** A question or a line of output, as data. */
export type Turn =
  | readonly ["isThere"]
  | readonly ["askHidden", string]
  | readonly ["ask", string]
  | readonly ["confirm", string, boolean]
  | readonly ["choose", string, ReadonlyArray<string>]
  | readonly ["show", string]

const take = (turn: Turn) =>
  Effect.flatMap(Terminal, (terminal): Effect.Effect<unknown, unknown> => {
    switch (turn[0]) {
      case "isThere":
        return terminal.isThere
      case "askHidden":
        return Effect.map(terminal.askHidden(turn[1]), Redacted.value)
      case "ask":
        return terminal.ask(turn[1])
      case "confirm":
        return terminal.confirm(turn[1], { default: turn[2] })
      case "choose":
        return terminal.choose(turn[1], turn[2])
      case "show":
        return Effect.as(terminal.show(turn[1]), null)
    }
  })

/** The answers up to the first error, which is reported as {"error": tag, "reason"?}. */
export const converse = (
  turns: ReadonlyArray<Turn>
): Effect.Effect<ReadonlyArray<unknown>, never, Terminal> =>
  Effect.gen(function* () {
    const results: Array<unknown> = []
    for (const turn of turns) {
      const result = yield* Effect.either(take(turn))
      if (result._tag === "Right") results.push(result.right)
      else {
        const { _tag, reason } = result.left as { readonly _tag: string; readonly reason?: string }
        results.push(reason === undefined ? { error: _tag } : { error: _tag, reason })
        break
      }
    }
    return results
  })

/** What the person does at a question: type this text, with line breaks as in a paste, and press Enter; or press Ctrl-C. */
export type Answer = string | typeof interrupt

/** A question, the user's answers to it (several if it is asked again), and the result. */
export type Exchange = readonly [turn: Turn, answers: ReadonlyArray<Answer>, result: unknown]

const pem = `-----BEGIN PRIVATE KEY-----\n${"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n".repeat(20)}-----END PRIVATE KEY-----`

/** Conversations as data, for a terminal whose person is in another process. */
export const conversations: ReadonlyArray<readonly [what: string, exchanges: ReadonlyArray<Exchange>]> = [
  ["whether it is there", [[["isThere"], [], true]]],
  ["a hidden value", [[["askHidden", "Enter value"], ["hunter2"], "hunter2"]]],
  ["a hidden value of many lines", [[["askHidden", "Enter value"], [pem], pem]]],
  ["a hidden value that brings a final line break", [[["askHidden", "Enter value"], ["token\n"], "token"]]],
  ["an empty hidden value", [[["askHidden", "Enter value"], [""], ""]]],
  ["a hidden value in many alphabets", [[["askHidden", "Enter value"], ["жук 漢字 🐙"], "жук 漢字 🐙"]]],
  [
    "a hidden value that is too large",
    [
      [
        ["askHidden", "Enter value"],
        ["x".repeat(1024 * 1024 + 1)],
        { error: "ValueRefused", reason: "too-large" }
      ]
    ]
  ],
  ["Ctrl-C at a hidden question", [[["askHidden", "Enter value"], [interrupt], { error: "Interrupted" }]]],
  ["an answer that shows", [[["ask", "Name"], ["wide 漢字"], "wide 漢字"]]],
  ["Ctrl-C at a question", [[["ask", "Name"], [interrupt], { error: "Interrupted" }]]],
  [
    "yes and no",
    [
      [["confirm", "Sure?", false], ["y"], true],
      [["confirm", "Sure?", false], ["YES"], true],
      [["confirm", "Sure?", true], ["n"], false],
      [["confirm", "Sure?", true], ["No"], false],
      [["confirm", "Sure?", true], [""], true],
      [["confirm", "Sure?", false], [""], false],
      [["confirm", "Sure?", true], ["what", "n"], false],
      [["confirm", "Sure?", true], [interrupt], { error: "Interrupted" }]
    ]
  ],
  [
    "a choice",
    [
      [["choose", "Which?", ["development", "production"]], ["2"], "production"],
      [["choose", "Which?", ["development", "production"]], ["development"], "development"],
      [["choose", "Which?", ["development", "production"]], ["0", "3", "", "prod", " 1 "], "development"],
      [["choose", "Which?", ["2", "1"]], ["2"], "2"],
      [["choose", "Which?", ["development"]], ["x", interrupt], { error: "Interrupted" }]
    ]
  ],
  [
    "one after the other",
    [
      [["show", "Suggestion: a-b-c"], [], null],
      [["askHidden", "Passphrase"], ["first"], "first"],
      [["askHidden", "Repeat the passphrase"], ["second"], "second"],
      [["ask", "Name"], ["third"], "third"]
    ]
  ]
]

/** What every Terminal must do. `answering` is a terminal at which a person gives these answers, in order. */
export const contractOf = (
  answering: (answers: ReadonlyArray<Answer>) => Layer.Layer<Terminal>
): Contract<never> =>
  conversations.map(([name, exchanges]) => ({
    name,
    run: Effect.gen(function* () {
      const results = yield* converse(exchanges.map(([turn]) => turn))
      Assert.deepEqual(
        results,
        exchanges.map(([, , result]) => result)
      )
    }).pipe(Effect.provide(answering(exchanges.flatMap(([, answers]) => answers))))
  }))
