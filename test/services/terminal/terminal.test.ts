import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { interrupt, layerMemory, TerminalTranscript } from "../../../src/services/terminal/layer-memory.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { needs } from "../../support/needs.ts"
import * as Pty from "../../support/pty.ts"
import { converse, type Turn } from "./conversation.ts"
import { hold } from "./real.ts"

type Answer = string | typeof interrupt

/** A question, the user's answers to it (several if it is asked again), and the result. */
type Exchange = readonly [turn: Turn, answers: ReadonlyArray<Answer>, result: unknown]

const pem = `-----BEGIN PRIVATE KEY-----\n${"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n".repeat(20)}-----END PRIVATE KEY-----`

const conversations: ReadonlyArray<readonly [what: string, exchanges: ReadonlyArray<Exchange>]> = [
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

const promptOf = (turn: Turn): string => {
  switch (turn[0]) {
    case "confirm":
      return turn[2] ? "[Y/n] " : "[y/N] "
    case "choose":
      return "Number or name: "
    default:
      return `${turn[1]}: `
  }
}

const keysOf = (turn: Turn, answer: Answer): string => {
  if (answer === interrupt) return "\x03"
  return turn[0] === "askHidden" ? `\x1b[200~${answer.replaceAll("\n", "\r")}\x1b[201~\r` : `${answer}\r`
}

const stepsOf = (exchanges: ReadonlyArray<Exchange>): ReadonlyArray<Pty.Step> => [
  ...exchanges.flatMap(([turn, answers]) =>
    answers.flatMap((answer) => [Pty.wait(promptOf(turn)), Pty.send(keysOf(turn, answer))])
  ),
  Pty.exit
]

describe("Terminal in memory", () => {
  it.effect.each(conversations)("%s", ([_, exchanges]) =>
    Effect.gen(function* () {
      const results = yield* converse(exchanges.map(([turn]) => turn))
      assert.deepStrictEqual(
        results,
        exchanges.map(([, , result]) => result)
      )
    }).pipe(Effect.provide(layerMemory({ answers: exchanges.flatMap(([, answers]) => answers) })))
  )

  it.effect("records what was asked and shown, and no answers", () =>
    Effect.gen(function* () {
      yield* converse([
        ["askHidden", "Enter value"],
        ["show", "done\x1b[2J"],
        ["choose", "Which?", ["a", "b"]],
        ["ask", "Name"]
      ])
      assert.deepStrictEqual(yield* yield* TerminalTranscript, [
        { kind: "hidden", text: "Enter value" },
        { kind: "shown", text: "done�[2J" },
        { kind: "shown", text: "Which?" },
        { kind: "shown", text: "  1) a" },
        { kind: "shown", text: "  2) b" },
        { kind: "visible", text: "Number or name" },
        { kind: "visible", text: "Name" }
      ])
    }).pipe(Effect.provide(layerMemory({ answers: ["hunter2", "1"] })))
  )

  it.effect("can be missing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* converse([["isThere"]]), [false])
    }).pipe(Effect.provide(layerMemory({ isThere: false })))
  )
})

describe.skipIf(!needs("python3"))("Terminal on a pseudo-terminal", () => {
  let program: Bundle
  beforeAll(async () => {
    program = await bundle(new URL("fixture.ts", import.meta.url).pathname)
  })
  afterAll(() => program.remove())

  it.each(conversations)("%s", async (_, exchanges) => {
    const held = await hold(
      program,
      exchanges.map(([turn]) => turn),
      stepsOf(exchanges)
    )
    assert.deepStrictEqual(
      held.answers,
      exchanges.map(([, , result]) => result)
    )
    assert.isTrue(held.restored)
    assert.strictEqual(held.leftover, "")
  })
})
