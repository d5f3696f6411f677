import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Terminal } from "../../../src/services/terminal/terminal.ts"

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
