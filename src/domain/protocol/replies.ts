import * as Either from "effect/Either"
import type { AppName } from "../app/app-name.ts"
import { type AuditEntry, entry } from "../app/audit.ts"
import * as Fields from "../app/fields.ts"
import { type Release, type Revision, releaseWith, revision, toJson } from "../app/release.ts"
import { type Decoder, listOf, oneOf } from "../decoding/decoder.ts"
import { isObject, objectOf } from "../decoding/object.ts"
import type { ServerMisbehaved } from "../errors/server.ts"
import type { KeyId } from "../key.ts"
import type { SecretName } from "../names.ts"
import { parseLine } from "./line.ts"
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

/** What a server answers, one object a line. */
export type Response =
  | { readonly status: "ok"; readonly data: Replies[Command] }
  | {
      readonly status: "error"
      /** For the person who asked, without values. */
      readonly message: string
    }

export const ok = <C extends Command>(data: Replies[C]): Response => ({ status: "ok", data })

export const error = (message: string): Response => ({ status: "error", message })

/** The response as one line, its newline included. */
export const encodeResponse = (response: Response): string =>
  `${JSON.stringify(response.status === "ok" && "releases" in response.data ? withReleases(response.data) : response)}\n`

const withReleases = (data: Replies["releases"]) => ({
  status: "ok",
  data: { ...data, releases: data.releases.map(toJson) }
})

/** A server that is newer may say more than we know; what we know must be as we know it. */
const reply = <R extends Readonly<Record<string, Decoder<unknown>>>>(members: R) =>
  objectOf(members, {}, { ignored: "all others" })

const { appName: app, keyId, text, count, flag, ordinal, secretNames, orNull } = Fields
const texts = listOf(text, "a list of texts")
const release = orNull(ordinal)

const summary = {
  app,
  phase: oneOf("running", "starting", "rolling", "degraded", "stopped", "waiting", "broken"),
  healthy: count,
  instances: count,
  release,
  revision: orNull(revision)
}
const appSummary: Decoder<AppSummary> = reply(summary)

const instance: Decoder<InstanceStatus> = reply({
  id: text,
  pid: count,
  phase: oneOf("starting", "healthy", "unhealthy", "draining", "backoff"),
  port: orNull(count),
  release: ordinal,
  revision: orNull(revision),
  started_at: Fields.instant,
  restarts: count
})

const appStatus: Decoder<AppStatus> = reply({
  ...summary,
  listen: orNull(text),
  instance_list: listOf(instance, "a list of instances"),
  problem: orNull(text)
})

const logLine: Decoder<LogLine> = reply({
  at: Fields.instant,
  instance: text,
  stream: oneOf("stdout", "stderr"),
  text
})

const rollout = reply({ app, release, revision: orNull(revision), instances: count })

const decoders: { readonly [C in Command]: Decoder<Replies[C]> } = {
  hello: reply({ protocol_version: count, server_version: text, capabilities: texts }),
  update_secrets: reply({
    status: oneOf("updated", "unproven", "unchanged", "would_update"),
    app,
    restarted: flag,
    revision,
    added: secretNames,
    changed: secretNames,
    removed: secretNames,
    instances: count
  }),
  status: appStatus,
  list: reply({ apps: listOf(appSummary, "a list of apps") }),
  server_info: reply({
    server_version: text,
    pid: count,
    started_at: Fields.instant,
    apps: count,
    secrets: oneOf("credential", "key-file", "memory"),
    memory: count
  }),
  get_secrets_hash: reply({ app, hash: orNull(text) }),
  secrets_state: reply({
    app,
    names: secretNames,
    revision: orNull(revision),
    proven: flag,
    key_id: orNull(keyId),
    updated_at: orNull(Fields.instant),
    by: orNull(text)
  }),
  deploy: rollout,
  scale: rollout,
  stop: reply({ app }),
  delete: reply({ app }),
  rollback: rollout,
  restart: rollout,
  releases: reply({
    app,
    releases: listOf(releaseWith("all others"), "a list of releases"),
    current: release
  }),
  events: reply({ app, events: listOf(entry, "a list of events") }),
  logs: reply({ app, lines: listOf(logLine, "a list of lines"), next: text })
}

/** What the server did, or the reason in its own words why it did not; those are not fit for a terminal as they are. */
export type Answer<C extends Command> =
  | { readonly _tag: "Done"; readonly data: ReplyOf<C> }
  | { readonly _tag: "Refused"; readonly message: string }

/** The answer to a request of this command. */
export const decodeResponse = <C extends Command>(
  command: C,
  line: Uint8Array
): Either.Either<Answer<C>, ServerMisbehaved["reason"]> => {
  const parsed = parseLine(line)
  if (Either.isLeft(parsed)) return Either.left(parsed.left === "not-text" ? "not-text" : "not-json")
  const json = parsed.right
  if (!isObject(json) || !Object.hasOwn(json, "status")) return Either.left("not-an-answer")
  if (json.status === "error" && typeof json.message === "string") {
    return Either.right({ _tag: "Refused", message: json.message })
  }
  if (json.status !== "ok") return Either.left("not-an-answer")
  const decoder = decoders[command] as Decoder<ReplyOf<C>>
  return Either.mapBoth(decoder(json.data, []), {
    onLeft: () => "not-an-answer" as const,
    onRight: (data) => ({ _tag: "Done", data }) as const
  })
}
