import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { ValueRefused } from "./errors/secrets.ts"
import { maxValueLength } from "./sealed-value.ts"

/** The value, if it can be kept: text without lone surrogates, at most 1 MiB of UTF-8, and not empty unless that is meant. */
export const check = (
  value: Redacted.Redacted<string>,
  options: { readonly allowEmpty: boolean }
): Either.Either<Redacted.Redacted<string>, ValueRefused> => {
  const text = Redacted.value(value)
  if (text.length === 0 && !options.allowEmpty) return refused("empty")
  if (/\p{Surrogate}/u.test(text)) return refused("lone-surrogate")
  if (new TextEncoder().encode(text).length > maxValueLength) return refused("too-large")
  return Either.right(value)
}

const refused = (reason: ValueRefused["reason"]) => Either.left(new ValueRefused({ reason }))
