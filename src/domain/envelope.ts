import * as Redacted from "effect/Redacted"
import type { SecretName } from "./names.ts"

/** What a process reads from fd 3, once: a token of this one instance and its secrets. */
export interface Envelope {
  readonly token: Redacted.Redacted<string>
  readonly secrets: ReadonlyMap<SecretName, Redacted.Redacted<string>>
}

/** One JSON object: `{"token": "…", "secrets": {"NAME": "value", …}}`, names sorted, no newline. */
export const encode = (envelope: Envelope): Redacted.Redacted<string> => {
  const names = [...envelope.secrets.keys()].sort()
  const members = names.map((name) => {
    const value = Redacted.value(envelope.secrets.get(name) as Redacted.Redacted<string>)
    return `${JSON.stringify(name)}:${JSON.stringify(value)}`
  })
  const token = JSON.stringify(Redacted.value(envelope.token))
  return Redacted.make(`{"token":${token},"secrets":{${members.join(",")}}}`)
}
