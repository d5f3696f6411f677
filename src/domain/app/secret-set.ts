import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { isSecretName, type SecretName } from "../names.ts"
import { decoderOf } from "../schema/decoder.ts"
import { mapOf, Secret, textWhere } from "../schema/fields.ts"
import { checkValue } from "../sealed-value.ts"
import * as StrictJson from "../strict-json.ts"

export const empty: SecretSet = new Map()

/** How one set differs from another, as sorted names. */
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

/** `{"NAME":"value",…}` with sorted names, so equal sets have equal texts. */
export const encode = (secrets: SecretSet): Redacted.Redacted<string> => {
  const members = names(secrets).map(
    (name) => `${JSON.stringify(name)}:${JSON.stringify(textOf(secrets, name))}`
  )
  return Redacted.make(`{${members.join(",")}}`)
}

const keyProblem = (key: string) =>
  isSecretName(key) ? undefined : " is not the name of a secret (A-Z, 0-9 and _, starting with a letter)"

const isValue = (text: string): boolean =>
  Either.isRight(checkValue(Redacted.make(text), { allowEmpty: true }))

/**
 * All secrets of an app, as one revision stores them and an instance receives them: an object from secret names
 * to valid values (at most 1 MiB of UTF-8, possibly empty).
 */
export const SecretSet = mapOf<SecretName, Redacted.Redacted<string>, string>(
  { keyProblem, object: "an object of strings" },
  Secret(textWhere(isValue, "a string of at most 1 MiB, of Unicode characters only"))
)
export type SecretSet = typeof SecretSet.Type

const decodeSet = decoderOf(() => SecretSet)

/** Decodes the output of {@link encode}; undefined for anything else. */
export const decode = (json: string): SecretSet | undefined => {
  const parsed = StrictJson.parse(json)
  return "fault" in parsed ? undefined : Either.getOrUndefined(decodeSet(parsed.value))
}

const textOf = (secrets: SecretSet, name: SecretName): string =>
  Redacted.value(secrets.get(name) as Redacted.Redacted<string>)
