import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Usage } from "../../../domain/errors/user.ts"

/** A whole number that was typed, from the least to the most. */
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
        ...(hint === undefined ? {} : { hint })
      })
}

/** The same where it may be left out. */
export const optionalNumber = (what: string, text: Option.Option<string>, least: number, most: number) =>
  Option.match(text, {
    onNone: () => Effect.succeedNone,
    onSome: (text) => Effect.asSome(wholeNumber(what, text, least, most))
  })

export const mostInstances = 1000
