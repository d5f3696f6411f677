import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { AuditEntry } from "../app/audit.ts"
import { Release, Revision, toJson } from "../app/release.ts"
import type { ServerMisbehaved } from "../errors/server.ts"
import { type Decoded, decoderOf } from "../schema/decoder.ts"
import {
  AppNameText,
  Count,
  Flag,
  Instant,
  isObject,
  KeyIdText,
  listOf,
  Ordinal,
  oneOf,
  SecretNames,
  Text
} from "../schema/fields.ts"
import { parseLine } from "./line.ts"
import type { Command } from "./requests.ts"

/** What a server answers to each command, under `data`. Members are named as on the wire. */
export const makeReplies = () => {
  const app = AppNameText
  const release = Schema.NullOr(Ordinal)
  const revision = Schema.NullOr(Revision)

  const Hello = Schema.Struct({
    protocol_version: Count,
    server_version: Text,
    /** The commands that the server knows. */
    capabilities: listOf(Text, "a list of strings")
  })

  const Update = Schema.Struct({
    /**
     * `updated`: the revision is current, and healthy instances proved it. `unproven`: it is current, but no instance
     * has proved it. `unchanged`: nothing differed. `would_update`: a dry run.
     */
    status: oneOf("updated", "unproven", "unchanged", "would_update"),
    app,
    /** Whether instances were replaced. */
    restarted: Flag,
    revision: Revision,
    added: SecretNames,
    changed: SecretNames,
    removed: SecretNames,
    /** How many instances were replaced. */
    instances: Count
  })

  /** How a rollout ended. */
  const Rollout = Schema.Struct({ app, release, revision, instances: Count })

  const Summary = Schema.Struct({
    app,
    /** `waiting`: for a sync, or for a release. `broken`: its state or its secrets cannot be read. */
    phase: oneOf("running", "starting", "rolling", "degraded", "stopped", "waiting", "broken"),
    /** How many instances are healthy. */
    healthy: Count,
    /** How many there should be. */
    instances: Count,
    release,
    revision
  })

  const Instance = Schema.Struct({
    /** The last 8 characters of its command line. */
    id: Text,
    pid: Count,
    phase: oneOf("starting", "healthy", "unhealthy", "draining", "backoff"),
    port: Schema.NullOr(Count),
    release: Ordinal,
    revision,
    started_at: Instant,
    restarts: Count
  })

  const Status = Schema.Struct({
    ...Summary.fields,
    listen: Schema.NullOr(Text),
    instance_list: listOf(Instance, "a list of instances"),
    /** What is wrong with it. Contains no values. */
    problem: Schema.NullOr(Text)
  })

  const Info = Schema.Struct({
    server_version: Text,
    pid: Count,
    started_at: Instant,
    apps: Count,
    /** Where secrets are stored, and what protects them. */
    secrets: oneOf("credential", "key-file", "memory"),
    /** In bytes. */
    memory: Count
  })

  const Secrets = Schema.Struct({
    app,
    /** Sorted. */
    names: SecretNames,
    revision,
    proven: Flag,
    key_id: Schema.NullOr(KeyIdText),
    updated_at: Schema.NullOr(Instant),
    /** The actor, as the client claimed. */
    by: Schema.NullOr(Text)
  })

  const Line = Schema.Struct({
    at: Instant,
    instance: Text,
    stream: oneOf("stdout", "stderr"),
    /** Secret values that the server recognized are masked. May contain control characters. */
    text: Text
  })

  return {
    hello: Hello,
    update_secrets: Update,
    status: Status,
    list: Schema.Struct({ apps: listOf(Summary, "a list of apps") }),
    server_info: Info,
    /** 64 hex digits; null while there are no secrets. Only useful for noticing a change. */
    get_secrets_hash: Schema.Struct({ app, hash: Schema.NullOr(Text) }),
    secrets_state: Secrets,
    deploy: Rollout,
    scale: Rollout,
    stop: Schema.Struct({ app }),
    delete: Schema.Struct({ app }),
    rollback: Rollout,
    restart: Rollout,
    releases: Schema.Struct({ app, releases: listOf(Release, "a list of releases"), current: release }),
    events: Schema.Struct({ app, events: listOf(AuditEntry, "a list of events") }),
    logs: Schema.Struct({
      app,
      lines: listOf(Line, "a list of lines"),
      /** The position after the last line, for `after`. */
      next: Text
    })
  } satisfies { readonly [C in Command]: Schema.Schema.AnyNoContext }
}

type Schemas = ReturnType<typeof makeReplies>
export type Replies = { readonly [C in Command]: Schemas[C]["Type"] }
export type ReplyOf<C extends Command> = Replies[C]
export type HelloReply = Replies["hello"]
export type UpdateReply = Replies["update_secrets"]
export type UpdateStatus = UpdateReply["status"]
export type RolloutReply = Replies["deploy"]
export type AppStatus = Replies["status"]
export type AppSummary = Replies["list"]["apps"][number]
export type AppPhase = AppSummary["phase"]
export type InstanceStatus = AppStatus["instance_list"][number]
export type ServerInfo = Replies["server_info"]
export type SecretsState = Replies["secrets_state"]
export type LogsReply = Replies["logs"]
export type LogLine = LogsReply["lines"][number]

/** A server's response, one JSON object per line. */
export type Response =
  | { readonly status: "ok"; readonly data: Replies[Command] }
  | {
      readonly status: "error"
      /** For the person who made the request. Contains no values. */
      readonly message: string
    }

export const ok = <C extends Command>(data: Replies[C]): Response => ({ status: "ok", data })

export const error = (message: string): Response => ({ status: "error", message })

/** The response as one line, newline included. */
export const encodeResponse = (response: Response): string =>
  `${JSON.stringify(response.status === "ok" && "releases" in response.data ? withReleases(response.data) : response)}\n`

const withReleases = (data: Replies["releases"]) => ({
  status: "ok",
  data: { ...data, releases: data.releases.map(toJson) }
})

/** The result, or the server's own reason for a refusal, which must be made printable before it is shown. */
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
  return Either.mapBoth(decoderFor(command)(json.data), {
    onLeft: () => "not-an-answer" as const,
    onRight: (data) => ({ _tag: "Done", data }) as const
  })
}

/** A newer server may send more members; those that we know must be valid. */
const decoderFor = <C extends Command>(command: C): ((value: unknown) => Decoded<ReplyOf<C>>) => {
  replies ??= makeReplies()
  const schema: Schema.Schema.AnyNoContext = replies[command]
  return decoderOf(() => schema, { unknownKeys: "ignore" })
}

let replies: Schemas | undefined
