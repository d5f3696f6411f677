import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { AppName } from "../../../domain/app/app-name.ts"
import { Usage } from "../../../domain/errors/user.ts"
import { omitUndefined } from "../../../domain/omit-undefined.ts"
import type { TimedReply } from "../../../programs/apps/change.ts"
import { failures, type Outcome } from "../../../programs/client/client.ts"
import { type ExitCode, serverFailed } from "../../exit-code.ts"
import { Style } from "../context.ts"
import { renderFailure } from "../failure.ts"
import { outJson, say } from "../output.ts"
import { failureToJson } from "../servers/delivery-failures.ts"

/** Reports the result of a change on each server; exit 5 if any of them failed. */
export const reportOutcomes = <A extends object>(
  outcomes: ReadonlyArray<Outcome<TimedReply<A>>>,
  {
    json,
    sentence
  }: { readonly json: boolean; readonly sentence: (server: string, done: TimedReply<A>) => string }
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

/** Tells the person that a server finishes a change by itself when its client is interrupted. */
export const noteWhenInterrupted =
  (app: AppName) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.onInterrupt(effect, () =>
      say(`\nThe server finishes this by itself. To see the result: tako status ${app}`)
    )

const outcomeToJson = ({ target, outcome }: Outcome<TimedReply<object>>) => ({
  name: target.name,
  ...Either.match(outcome, {
    onLeft: failureToJson,
    onRight: ({ reply, millis }) => ({ state: "done", ...reply, seconds: millis / 1000 })
  })
})

/** user@host of this process for servers' audit trails, which mark it as not verified. */
export const requestedBy = Effect.sync(() => {
  const text = `${userName()}@${Os.hostname()}`
  return text.length > maxLength ? text.slice(0, maxLength) : text
})

const maxLength = 256

const userName = (): string => {
  try {
    return Os.userInfo().username
  } catch {
    // This user has no entry in passwd(5), as in containers.
    return `uid ${process.getuid?.() ?? "unknown"}`
  }
}

/** Parses a whole number between `least` and `most`. */
export const wholeNumber = (
  what: string,
  text: string,
  least: number,
  most: number,
  hint?: string
): Effect.Effect<number, Usage> => {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  return number >= least && number <= most
    ? Effect.succeed(number)
    : new Usage({
        problem: `${what} takes a whole number from ${least} to ${most}.`,
        ...omitUndefined({ hint })
      })
}

/** The same for a flag that may be left out. */
export const optionalNumber = (what: string, text: Option.Option<string>, least: number, most: number) =>
  Option.match(text, {
    onNone: () => Effect.succeedNone,
    onSome: (text) => Effect.asSome(wholeNumber(what, text, least, most))
  })

export const mostInstances = 1000
