import type { Command, Port, Vars } from "../tako-toml.ts"
import type { Revision } from "./revision.ts"

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
