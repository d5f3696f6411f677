import type * as Brand from "effect/Brand"
import * as Schema from "effect/Schema"
import { Instant, isText, Label, Ordinal, optional, Text, textWhere, wholeNumber } from "../schema/fields.ts"
import { Command, Listen, Port, varsOf } from "../tako-toml/fields.ts"

/** The number of one set of secrets of an app: 1, 2, 3 …; a number that was committed is never given again. */
export type Revision = number & Brand.Brand<"Revision">

export const isRevision = (value: number): value is Revision => Number.isSafeInteger(value) && value >= 1

export const Revision = Schema.Number.pipe(
  Schema.filter(isRevision, { description: "the number of a revision: 1, 2, 3 …" })
)

export const first = 1 as Revision

/** What instances of an app are started from: a directory on the server's host, and how. */
export const Specification = Schema.Struct({
  /** The instances start in it. */
  directory: textWhere(
    (text) => isText(text) && text.startsWith("/") && text.length <= 4096,
    "an absolute path"
  ),
  start: Command,
  /** Run once before the first instance, in the same directory. */
  release: optional(Command),
  /** How an instance reports its port; on fd 4 without it. */
  port: optional(Port),
  /** Where the front listens, host and port; without it, the app has no front. */
  listen: optional(Listen),
  /** How long, in ms, an instance that is replaced may take to finish its requests; 30 s without it. */
  drain_ms: optional(wholeNumber(1, 3_600_000)),
  /** Plain environment variables. */
  vars: optional(varsOf(Text.pipe(Schema.filter(isText, { description: "a text" })), "an object")),
  /** Which build it is, as the client calls it; instances get it as TAKO_BUILD. */
  build: optional(Label)
})
export type Specification = typeof Specification.Type

/** One deploy of an app. */
export const Release = Schema.Struct({
  /** 1, 2, 3 …, of the app. */
  id: Ordinal,
  /** The secrets that it was deployed with, to which a rollback returns; null before the first. */
  revision: Schema.NullOr(Revision),
  /** When. */
  at: Instant,
  /** Who, as the client claims; not verified. */
  by: optional(Label),
  ...Specification.fields
})
export type Release = typeof Release.Type

/** Ready for JSON.stringify: a Map becomes an object. */
export const toJson = <S extends Specification>({ vars, ...rest }: S) =>
  vars === undefined ? rest : { ...rest, vars: Object.fromEntries(vars) }
