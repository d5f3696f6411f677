import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { AppName } from "../../../domain/server/app-name.ts"
import type { Done } from "../../../programs/apps/change.ts"
import { failures, type Outcome } from "../../../programs/apps/on-each.ts"
import { type ExitCode, serverFailed } from "../exit-code.ts"
import { renderFailure } from "../failure.ts"
import { outJson, say } from "../output.ts"
import { failureToJson } from "../servers/failures.ts"
import { Style } from "../style.ts"

/** Says what became of a change on each server; 5 where one of them failed, however the others did. */
export const tellOutcomes = <A extends object>(
  outcomes: ReadonlyArray<Outcome<Done<A>>>,
  { json, sentence }: { readonly json: boolean; readonly sentence: (server: string, done: Done<A>) => string }
) =>
  Effect.gen(function* () {
    const failed = failures(outcomes)
    const { err } = yield* Style
    for (const { target, outcome } of outcomes) {
      if (Either.isRight(outcome) && !json) yield* say(sentence(target.name, outcome.right))
    }
    for (const failure of failed) yield* say(renderFailure(failure, err))
    if (json) yield* outJson({ servers: outcomes.map(outcomeToJson) })
    const code: ExitCode | undefined = failed.length > 0 ? serverFailed : undefined
    return code
  })

/** A server goes on when its client goes away. */
export const toldWhenInterrupted =
  (app: AppName) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.onInterrupt(effect, () =>
      say(`\nThe server goes on with it. See what becomes of it: tako status ${app}`)
    )

/** "4.2 s" */
export const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

const outcomeToJson = ({ target, outcome }: Outcome<Done<object>>) => ({
  name: target.name,
  ...Either.match(outcome, {
    onLeft: failureToJson,
    onRight: ({ reply, millis }) => ({ state: "done", ...reply, seconds: millis / 1000 })
  })
})
