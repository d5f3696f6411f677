import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { type Decoder, expected, misfit, shownPath } from "../decoding/decoder.ts"
import { isObject } from "../decoding/object.ts"
import { isSecretName, type SecretName } from "../names.ts"
import { checkValue } from "../sealed-value.ts"
import * as StrictJson from "../strict-json.ts"

/** All secrets of an app, as one revision holds them and as an instance receives them. */
export type SecretSet = ReadonlyMap<SecretName, Redacted.Redacted<string>>

export const empty: SecretSet = new Map()

/** What one set has that another has not; names, sorted. */
export interface Difference {
  readonly added: ReadonlyArray<SecretName>
  readonly changed: ReadonlyArray<SecretName>
  readonly removed: ReadonlyArray<SecretName>
}

export const difference = (before: SecretSet, after: SecretSet): Difference => ({
  added: names(after).filter((name) => !before.has(name)),
  changed: names(after).filter((name) => before.has(name) && textOf(before, name) !== textOf(after, name)),
  removed: names(before).filter((name) => !after.has(name))
})

export const isSame = ({ added, changed, removed }: Difference): boolean =>
  added.length + changed.length + removed.length === 0

export const names = (secrets: SecretSet): ReadonlyArray<SecretName> => [...secrets.keys()].sort()

/** `{"NAME":"value",…}` with the names sorted: equal for equal sets. */
export const encode = (secrets: SecretSet): Redacted.Redacted<string> => {
  const members = names(secrets).map(
    (name) => `${JSON.stringify(name)}:${JSON.stringify(textOf(secrets, name))}`
  )
  return Redacted.make(`{${members.join(",")}}`)
}

/** An object of texts, each fit to be a value (at most 1 MiB of UTF-8, also empty), under the names of secrets. */
export const decoder: Decoder<SecretSet> = (value, path) => {
  if (!isObject(value)) return expected(path, "an object of texts")
  const secrets = new Map<SecretName, Redacted.Redacted<string>>()
  for (const [name, text] of Object.entries(value)) {
    const here = [...path, name]
    if (!isSecretName(name)) {
      return misfit(here, `${shownPath(here)} is not the name of a secret (A-Z, 0-9 and _, a letter first)`)
    }
    if (typeof text !== "string") return expected(here, "a text")
    const checked = checkValue(Redacted.make(text), { allowEmpty: true })
    if (Either.isLeft(checked)) return expected(here, "a text of at most 1 MiB, all of it Unicode characters")
    secrets.set(name, checked.right)
  }
  return Either.right(secrets)
}

/** What {@link encode} gave; undefined for anything else. */
export const decode = (json: string): SecretSet | undefined => {
  const parsed = StrictJson.parse(json)
  return "fault" in parsed ? undefined : Either.getOrUndefined(decoder(parsed.value, []))
}

const textOf = (secrets: SecretSet, name: SecretName): string =>
  Redacted.value(secrets.get(name) as Redacted.Redacted<string>)
