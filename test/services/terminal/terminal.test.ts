import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  type Answer,
  contractOf,
  conversations,
  converse,
  type Exchange,
  type Turn
} from "../../../src/services/terminal/contract.ts"
import { interrupt, layerMemory, TerminalTranscript } from "../../../src/services/terminal/layer-memory.ts"
import { type Bundle, bundle } from "../../support/bundle.ts"
import { testContract } from "../../support/contract.ts"
import { needs } from "../../support/needs.ts"
import * as Pty from "../../support/pty.ts"
import { hold } from "./real.ts"

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

testContract(
  "Terminal in memory",
  contractOf((answers) => layerMemory({ answers })),
  Layer.empty
)

describe("Terminal in memory", () => {
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
