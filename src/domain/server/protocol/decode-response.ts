import * as Either from "effect/Either"
import { type Decoder, listOf, oneOf } from "../../decoding/decoder.ts"
import { isObject, objectOf } from "../../decoding/object.ts"
import type { ServerMisbehaved } from "../../errors/server.ts"
import { entry } from "../audit.ts"
import * as Fields from "../fields.ts"
import * as Specification from "../specification.ts"
import { parseLine } from "./line.ts"
import type { AppStatus, AppSummary, InstanceStatus, LogLine, Replies, ReplyOf } from "./replies.ts"
import type { Command } from "./requests.ts"

/** A server that is newer may say more than we know; what we know must be as we know it. */
const reply = <R extends Readonly<Record<string, Decoder<unknown>>>>(members: R) =>
  objectOf(members, {}, { ignored: "all others" })

const { appName: app, revision, keyId, text, count, flag, ordinal, secretNames, orNull } = Fields
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
    releases: listOf(Specification.releaseWith("all others"), "a list of releases"),
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
