import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { decoderOf } from "../schema/decoder.ts"
import {
  Count,
  Flag,
  Instant,
  KeyIdText,
  Label,
  Ordinal,
  oneOf,
  optional,
  SecretNames,
  Text
} from "../schema/fields.ts"
import * as StrictJson from "../strict-json.ts"
import { Revision } from "./release.ts"

/** One line of an app's audit trail: names and numbers, never values. */
export const AuditEntry = Schema.Struct({
  at: Instant,
  action: oneOf("update_secrets", "deploy", "scale", "stop", "delete", "rollback", "restart", "recover"),
  /** A `started` entry without an end means that the server was interrupted in between. */
  outcome: oneOf("started", "done", "unproven", "failed"),
  /** Who made the change, as the client claims. */
  by: optional(Label),
  /** Always false where there is a `by`, because nothing verifies it. */
  verified: optional(Flag),
  revision: optional(Revision),
  release: optional(Ordinal),
  instances: optional(Count),
  added: optional(SecretNames),
  changed: optional(SecretNames),
  removed: optional(SecretNames),
  key_id: optional(KeyIdText),
  /** Why it failed. Contains no values. */
  reason: optional(Text)
})
export type AuditEntry = typeof AuditEntry.Type
export type AuditAction = AuditEntry["action"]
export type AuditOutcome = AuditEntry["outcome"]

// A newer server may write more members.
const decodeEntry = decoderOf(() => AuditEntry, { unknownKeys: "ignore" })

/** The entry as one line of JSON, newline included. Whoever is named in it is marked as not verified. */
export const print = (one: AuditEntry): string =>
  `${JSON.stringify(one.by === undefined ? one : { ...one, verified: false })}\n`

/** The entries of a trail, oldest first. Invalid lines (cut off by a crash) are skipped. */
export const parse = (text: string): ReadonlyArray<AuditEntry> =>
  text.split("\n").flatMap((line) => {
    const json = line === "" ? { fault: "not-json" } : StrictJson.parse(line)
    if ("fault" in json) return []
    const decoded = decodeEntry(json.value)
    return Either.isRight(decoded) ? [decoded.right] : []
  })
