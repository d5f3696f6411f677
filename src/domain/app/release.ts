import type * as Brand from "effect/Brand"
import { type Decoder, that } from "../decoding/decoder.ts"
import { objectOf } from "../decoding/object.ts"
import type { Command, Port, Vars } from "../tako-toml/tako-toml.ts"
import * as Fields from "./fields.ts"

/** The number of one set of secrets of an app: 1, 2, 3 …; a number that was committed is never given again. */
export type Revision = number & Brand.Brand<"Revision">

export const first = 1 as Revision

export const isRevision = (value: unknown): value is Revision =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 1

export const revision: Decoder<Revision> = that(isRevision, "the number of a revision: 1, 2, 3 …")

/** What instances of an app are started from: a directory on the server's host, and how. */
export interface Specification {
  /** An absolute path; the instances start in it. */
  readonly directory: string
  readonly start: Command
  /** Run once before the first instance, in the same directory. */
  readonly release?: Command
  /** How an instance tells its port; by fd 4 without it. */
  readonly port?: Port
  /** Where the front listens, host and port; without it, the app has no front. */
  readonly listen?: string
  /** How long, in ms, an instance that goes may take for the requests it has; 30 s without it. */
  readonly drain_ms?: number
  /** Plain environment variables. */
  readonly vars?: Vars
  /** Which build it is, in the client's words; instances get it as TAKO_BUILD. */
  readonly build?: string
}

/** One deploy of an app. */
export interface Release extends Specification {
  /** 1, 2, 3 …, of the app. */
  readonly id: number
  /** The secrets that it was deployed with, to which a rollback returns; null before the first. */
  readonly revision: Revision | null
  /** When, ISO 8601 in UTC. */
  readonly at: string
  /** Who, as the client claims; not verified. */
  readonly by?: string
}

/** The members of a {@link Specification}, as a request and a state file have them. */
export const specificationRequired = { directory: Fields.directory, start: Fields.command }

export const specificationOptional = {
  release: Fields.command,
  port: Fields.port,
  listen: Fields.listen,
  drain_ms: Fields.drainMillis,
  vars: Fields.vars,
  build: Fields.label
}

/** `ignored` are members that are no release's, which are refused otherwise. */
export const releaseWith = (ignored: "all others" | readonly [] = []): Decoder<Release> =>
  objectOf(
    {
      ...specificationRequired,
      id: Fields.ordinal,
      revision: Fields.orNull(revision),
      at: Fields.instant
    },
    // The command that a release is made with has its name from tako.toml.
    { ...specificationOptional, by: Fields.label },
    { ignored }
  )

/** As JSON has it: a Map becomes an object. */
export const toJson = <S extends Specification>({ vars, ...rest }: S) =>
  vars === undefined ? rest : { ...rest, vars: Object.fromEntries(vars) }
