import type * as Brand from "effect/Brand"
import * as Schema from "effect/Schema"
import { Instant, isText, Label, Ordinal, optional, Text, textWhere, wholeNumber } from "../schema/fields.ts"
import { Command, Listen, Port, varsOf } from "../tako-toml/fields.ts"

/** The number of one set of an app's secrets: 1, 2, 3 …; a committed number is never used again. */
export type Revision = number & Brand.Brand<"Revision">

export const isRevision = (value: number): value is Revision => Number.isSafeInteger(value) && value >= 1

export const Revision = Schema.Number.pipe(
  Schema.filter(isRevision, { description: "the number of a revision: 1, 2, 3 …" })
)

export const first = 1 as Revision

/** What an app's instances are started from: a directory on the server's host, and how to start it. */
export const Specification = Schema.Struct({
  /** The working directory of the instances. */
  directory: textWhere(
    (text) => isText(text) && text.startsWith("/") && text.length <= 4096,
    "an absolute path"
  ),
  start: Command,
  /** Runs once before the first instance, in the same directory. */
  release: optional(Command),
  /** How an instance reports its port; on fd 4 if absent. */
  port: optional(Port),
  /** Where the front listens, as host and port. If absent, the app has no front. */
  listen: optional(Listen),
  /** How long a replaced instance may take to finish its requests, in ms; 30 s if absent. */
  drain_ms: optional(wholeNumber(1, 3_600_000)),
  /** Plain environment variables. */
  vars: optional(varsOf(Text.pipe(Schema.filter(isText, { description: "a string" })), "an object")),
  /** The client's label for the build; instances get it as TAKO_BUILD. */
  build: optional(Label)
})
export type Specification = typeof Specification.Type

/** One deploy of an app. */
export const Release = Schema.Struct({
  /** Numbered 1, 2, 3 … within the app. */
  id: Ordinal,
  /** The secrets it was deployed with, which a rollback restores; null before the first. */
  revision: Schema.NullOr(Revision),
  /** When it was deployed. */
  at: Instant,
  /** Who deployed it, as the client claims; not verified. */
  by: optional(Label),
  ...Specification.fields
})
export type Release = typeof Release.Type

/** For JSON.stringify: Maps become objects. */
export const toJson = <S extends Specification>({ vars, ...rest }: S) =>
  vars === undefined ? rest : { ...rest, vars: Object.fromEntries(vars) }
