import * as Either from "effect/Either"
import { type Decoder, oneOf } from "../decoding/decoder.ts"
import { objectOf } from "../decoding/object.ts"
import type { KeyId } from "../key.ts"
import type { SecretName } from "../names.ts"
import * as StrictJson from "../strict-json.ts"
import * as Fields from "./fields.ts"
import { type Revision, revision } from "./release.ts"

const actions = [
  "update_secrets",
  "deploy",
  "scale",
  "stop",
  "delete",
  "rollback",
  "restart",
  "recover"
] as const

export type AuditAction = (typeof actions)[number]

const outcomes = ["started", "done", "unproven", "failed"] as const

/** `started` without an end: the server was cut off in between. */
export type AuditOutcome = (typeof outcomes)[number]

/** One line of an app's audit trail: names and numbers, never values. */
export interface AuditEntry {
  /** When, ISO 8601 in UTC. */
  readonly at: string
  readonly action: AuditAction
  readonly outcome: AuditOutcome
  /** Who, as the client claims it. */
  readonly by?: string
  /** Always false where there is a `by`: nothing has verified it. */
  readonly verified?: boolean
  readonly revision?: Revision
  readonly release?: number
  readonly instances?: number
  readonly added?: ReadonlyArray<SecretName>
  readonly changed?: ReadonlyArray<SecretName>
  readonly removed?: ReadonlyArray<SecretName>
  readonly key_id?: KeyId
  /** Why it failed, in words without values. */
  readonly reason?: string
}

/** One that a newer server wrote may say more. */
export const entry: Decoder<AuditEntry> = objectOf(
  { at: Fields.instant, action: oneOf(...actions), outcome: oneOf(...outcomes) },
  {
    by: Fields.label,
    verified: Fields.flag,
    revision: revision,
    release: Fields.ordinal,
    instances: Fields.count,
    added: Fields.secretNames,
    changed: Fields.secretNames,
    removed: Fields.secretNames,
    key_id: Fields.keyId,
    reason: Fields.text
  },
  { ignored: "all others" }
)

/** One line of JSON with its newline; who claims to have done it is marked as not verified. */
export const print = (one: AuditEntry): string =>
  `${JSON.stringify(one.by === undefined ? one : { ...one, verified: false })}\n`

/** The entries of a text, oldest first; a line that is none (cut off by a crash) is left out. */
export const parse = (text: string): ReadonlyArray<AuditEntry> =>
  text.split("\n").flatMap((line) => {
    const json = line === "" ? { fault: "not-json" } : StrictJson.parse(line)
    if ("fault" in json) return []
    const decoded = entry(json.value, [])
    return Either.isRight(decoded) ? [decoded.right] : []
  })
