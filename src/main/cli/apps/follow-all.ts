import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { follow } from "../../../programs/apps/follow.ts"
import type { Excerpt, Wanted } from "../../../programs/apps/logs.ts"
import type { Outcome } from "../../../programs/apps/on-each.ts"
import { Stdio } from "../../../services/stdio/stdio.ts"
import { renderFailure } from "../failure.ts"
import { out, say } from "../output.ts"
import { Style } from "../style.ts"
import type { Said } from "./lines.ts"

/** Prints what comes from each server, until none of them can be followed any more. */
export const followAll = (
  found: ReadonlyArray<Outcome<Excerpt>>,
  wanted: Wanted,
  print: (said: Said) => string
) =>
  Effect.gen(function* () {
    const { err } = yield* Style
    // A terminal shows ^C, and the next prompt is to begin a line of its own.
    const { stderrIsTerminal } = yield* Stdio
    yield* Effect.forEach(
      found.flatMap(({ target, outcome }) =>
        Either.isLeft(outcome) ? [] : [{ target, from: outcome.right.next }]
      ),
      ({ target, from }) =>
        follow(target, wanted, from, {
          lines: (lines) => out(lines.map((line) => print({ server: target.name, line })).join("")),
          lost: (error) => say(`${firstLine(error.message)} Trying again …`),
          back: say(`Server ${target.name} is there again.`)
        }).pipe(
          Effect.catchAll((error) =>
            error._tag === "Interrupted" ? Effect.fail(error) : say(renderFailure(error, err))
          )
        ),
      { concurrency: "unbounded", discard: true }
    ).pipe(Effect.onInterrupt(() => (stderrIsTerminal ? say("") : Effect.void)))
  })

const firstLine = (text: string): string => text.split("\n", 1)[0] as string
