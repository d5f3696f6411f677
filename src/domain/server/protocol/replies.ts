import type { KeyId } from "../../key.ts"
import type { SecretName } from "../../names.ts"
import type { AppName } from "../app-name.ts"
import type { AuditEntry } from "../audit.ts"
import type { Release } from "../release.ts"
import type { Revision } from "../revision.ts"
import type { Command } from "./requests.ts"

/** What a server answers to each command, under `data`; members have the names that they have on the wire. */
export interface Replies {
  readonly hello: HelloReply
  readonly update_secrets: UpdateReply
  readonly status: AppStatus
  readonly list: { readonly apps: ReadonlyArray<AppSummary> }
  readonly server_info: ServerInfo
  readonly get_secrets_hash: {
    readonly app: AppName
    /** 64 hex digits; null while there are no secrets. Of use only to see whether they changed. */
    readonly hash: string | null
  }
  readonly secrets_state: SecretsState
  readonly deploy: RolloutReply
  readonly scale: RolloutReply
  readonly stop: { readonly app: AppName }
  readonly delete: { readonly app: AppName }
  readonly rollback: RolloutReply
  readonly restart: RolloutReply
  readonly releases: {
    readonly app: AppName
    readonly releases: ReadonlyArray<Release>
    readonly current: number | null
  }
  readonly events: { readonly app: AppName; readonly events: ReadonlyArray<AuditEntry> }
  readonly logs: LogsReply
}

export type ReplyOf<C extends Command> = Replies[C]

export interface HelloReply {
  readonly protocol_version: number
  readonly server_version: string
  /** The commands that it knows. */
  readonly capabilities: ReadonlyArray<string>
}

/**
 * `updated`: it is current, and instances that were healthy with it proved it. `unproven`: it is current, and nothing
 * has proved it. `unchanged`: it was the same already. `would_update`: a dry run.
 */
export type UpdateStatus = "updated" | "unproven" | "unchanged" | "would_update"

export interface UpdateReply {
  readonly status: UpdateStatus
  readonly app: AppName
  /** Whether instances were replaced. */
  readonly restarted: boolean
  /** The current one afterwards; of a dry run, the one that it would be. */
  readonly revision: Revision
  readonly added: ReadonlyArray<SecretName>
  readonly changed: ReadonlyArray<SecretName>
  readonly removed: ReadonlyArray<SecretName>
  /** Instances that were replaced. */
  readonly instances: number
}

/** What a roll ended in. */
export interface RolloutReply {
  readonly app: AppName
  readonly release: number | null
  readonly revision: Revision | null
  readonly instances: number
}

/** `waiting`: for a sync, or for a release. `broken`: its state or its secrets cannot be read. */
export type AppPhase = "running" | "starting" | "rolling" | "degraded" | "stopped" | "waiting" | "broken"

export interface AppSummary {
  readonly app: AppName
  readonly phase: AppPhase
  /** Healthy ones. */
  readonly healthy: number
  /** As many as there are to be. */
  readonly instances: number
  readonly release: number | null
  readonly revision: Revision | null
}

export interface InstanceStatus {
  /** The 8 characters that its arguments end with. */
  readonly id: string
  readonly pid: number
  readonly phase: "starting" | "healthy" | "unhealthy" | "draining" | "backoff"
  readonly port: number | null
  readonly release: number
  readonly revision: Revision | null
  readonly started_at: string
  readonly restarts: number
}

export interface AppStatus extends AppSummary {
  readonly listen: string | null
  readonly instance_list: ReadonlyArray<InstanceStatus>
  /** Why it is not as it should be, in words without values. */
  readonly problem: string | null
}

export interface ServerInfo {
  readonly server_version: string
  readonly pid: number
  readonly started_at: string
  readonly apps: number
  /** Where secrets are kept, and under what. */
  readonly secrets: "credential" | "key-file" | "memory"
  /** In bytes. */
  readonly memory: number
}

export interface SecretsState {
  readonly app: AppName
  /** Sorted. */
  readonly names: ReadonlyArray<SecretName>
  readonly revision: Revision | null
  readonly proven: boolean
  readonly key_id: KeyId | null
  readonly updated_at: string | null
  /** As the client claimed it. */
  readonly by: string | null
}

export interface LogLine {
  readonly at: string
  readonly instance: string
  readonly stream: "stdout" | "stderr"
  /** Masked, as far as that goes; not fit for a terminal as it is. */
  readonly text: string
}

export interface LogsReply {
  readonly app: AppName
  readonly lines: ReadonlyArray<LogLine>
  /** The place after the last of them, for `after`. */
  readonly next: string
}
