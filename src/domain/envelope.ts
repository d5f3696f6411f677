import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SecretSet from "./app/secret-set.ts"
import { decoderOf } from "./schema/decoder.ts"
import { EnvironmentNameText, optional, Secret, Text } from "./schema/fields.ts"

/** What a process reads once from fd 3: the token of this instance, its secrets, and their environment. */
export const makeEnvelope = () =>
  Schema.Struct({
    token: Secret(Text),
    secrets: SecretSet.SecretSet,
    environment: optional(EnvironmentNameText)
  })
export type Envelope = ReturnType<typeof makeEnvelope>["Type"]

/**
 * One JSON object: `{"token": "…", "secrets": {"NAME": "value", …}, "environment": "…"}`, names sorted, no newline. The
 * environment comes last, after the members that the original's readers know.
 */
export const encode = ({ token, secrets, environment }: Envelope): Redacted.Redacted<string> => {
  const members = [
    `"token":${JSON.stringify(Redacted.value(token))}`,
    `"secrets":${Redacted.value(SecretSet.encode(secrets))}`,
    ...(environment === undefined ? [] : [`"environment":"${environment}"`])
  ]
  return Redacted.make(`{${members.join(",")}}`)
}

/** Decodes the JSON that {@link encode} printed. */
export const decode = decoderOf(makeEnvelope)
