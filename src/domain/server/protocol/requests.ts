import type { KeyId } from "../../key.ts"
import type { AppName } from "../app-name.ts"
import type { Specification } from "../release.ts"
import type { Revision } from "../revision.ts"
import type { SecretSet } from "../secret-set.ts"

/** The version of the protocol that both ends speak, the original's. */
export const protocolVersion = 0

/** The longest line that either end reads, its newline not counted: 16 MiB. */
export const maxLineLength = 16 * 1024 * 1024

/** What a client asks of a server, one object a line; members have the names that they have on the wire. */
export type Request =
  | Hello
  | UpdateSecrets
  | OfApp<"status">
  | { readonly command: "list" }
  | { readonly command: "server_info" }
  | OfApp<"get_secrets_hash">
  | OfApp<"secrets_state">
  | Deploy
  | Scale
  | (OfApp<"stop"> & Claim)
  | (OfApp<"delete"> & Claim)
  | Rollback
  | (OfApp<"restart"> & Claim)
  | OfApp<"releases">
  | Events
  | Logs

export type Command = Request["command"]
export type RequestOf<C extends Command> = Extract<Request, { readonly command: C }>

interface OfApp<C extends string> {
  readonly command: C
  readonly app: AppName
}

/** Who asks, as the client claims it (1 to 256 characters); goes into the audit trail, marked as not verified. */
interface Claim {
  readonly by?: string
}

export interface Hello {
  readonly command: "hello"
  readonly protocol_version: number
}

/** Puts these secrets in the place of all that the app has, and rolls them out. */
export interface UpdateSecrets extends OfApp<"update_secrets">, Claim {
  readonly secrets: SecretSet
  /** Only tells what would change. */
  readonly dry_run?: boolean
  /** The key that the client opened the environment with; the server refuses one that is not the app's. */
  readonly key_id?: KeyId
  /** After a rotation: the app's key up to now. */
  readonly previous_key_id?: KeyId
  /** Refused when the current revision is another one; 0 for none. */
  readonly expected_revision?: Revision | 0
}

/** Makes a release of a directory that is on the server's host, and rolls it out. */
export interface Deploy extends OfApp<"deploy">, Claim, Specification {
  /** As many as there are now without it, or 1. */
  readonly instances?: number
}

export interface Scale extends OfApp<"scale">, Claim {
  /** 1 to 1000. Starts an app that was stopped. */
  readonly instances: number
}

export interface Rollback extends OfApp<"rollback">, Claim {
  /** A release that is kept; without it, the one before the current one. */
  readonly release?: number
}

/** The end of the audit trail. */
export interface Events extends OfApp<"events"> {
  /** At most so many, the latest: 1 to 1000; 100 without it. */
  readonly limit?: number
}

/** The end of the app's output, masked. */
export interface Logs extends OfApp<"logs"> {
  /** At most so many lines, the latest: 1 to 10,000; 100 without it. */
  readonly lines?: number
  /** Only what came after this place, the first of it: the `next` of an earlier answer. */
  readonly after?: string
  /** Only of this instance. */
  readonly instance?: string
}
