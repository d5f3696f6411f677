import * as Redacted from "effect/Redacted"
import type { EnvironmentName, SecretName } from "./names.ts"

/** What a process reads once from fd 3: the token of this instance, its secrets, and their environment. */
export interface Envelope {
  readonly token: Redacted.Redacted<string>
  readonly secrets: ReadonlyMap<SecretName, Redacted.Redacted<string>>
  readonly environment?: EnvironmentName | undefined
}

/**
 * One JSON object: `{"token": "…", "secrets": {"NAME": "value", …}, "environment": "…"}`, names sorted, no newline. The
 * environment comes last, after the members that the original's readers know.
 */
export const encode = (envelope: Envelope): Redacted.Redacted<string> => {
  const names = [...envelope.secrets.keys()].sort()
  const members = names.map((name) => {
    const value = Redacted.value(envelope.secrets.get(name) as Redacted.Redacted<string>)
    return `${JSON.stringify(name)}:${JSON.stringify(value)}`
  })
  const token = JSON.stringify(Redacted.value(envelope.token))
  const environment = envelope.environment === undefined ? "" : `,"environment":"${envelope.environment}"`
  return Redacted.make(`{"token":${token},"secrets":{${members.join(",")}}${environment}}`)
}
