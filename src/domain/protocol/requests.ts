import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Revision, Specification, toJson } from "../app/release.ts"
import * as SecretSet from "../app/secret-set.ts"
import { nearest } from "../did-you-mean.ts"
import { type Decoded, decoderOf, shownPath } from "../schema/decoder.ts"
import {
  AppNameText,
  Count,
  Flag,
  isObject,
  KeyIdText,
  Label,
  Ordinal,
  optional,
  wholeNumber
} from "../schema/fields.ts"
import { Instances } from "../tako-toml/fields.ts"
import { type Fault, parseLine } from "./line.ts"

/** The version of the protocol that both ends speak, the original's. */
export const protocolVersion = 0

/** The longest line that either side reads, not counting the newline: 16 MiB. */
export const maxLineLength = 16 * 1024 * 1024

const request = <const C extends string, F extends Schema.Struct.Fields>(command: C, fields: F) =>
  Schema.Struct({ command: Schema.Literal(command), ...fields })

const ofApp = <const C extends string, F extends Schema.Struct.Fields>(command: C, fields: F) =>
  request(command, { app: AppNameText, ...fields })

/** Who makes the request, as the client claims; recorded in the audit trail as not verified. */
const by = optional(Label)

/**
 * What a client requests from a server, one JSON object per line. Members are named as on the wire. Marked pure for the bundler,
 * because a client never decodes requests.
 */
export const requests = /* @__PURE__ */ (() => ({
  hello: request("hello", { protocol_version: Count }),
  /** Replaces all secrets of the app, and rolls them out. */
  update_secrets: ofApp("update_secrets", {
    secrets: SecretSet.SecretSet,
    /** Only report what would change. */
    dry_run: optional(Flag),
    /** The key with which the client opened the environment; the server refuses a key that is not the app's. */
    key_id: optional(KeyIdText),
    /** After a rotation: the key that the app had before. */
    previous_key_id: optional(KeyIdText),
    by,
    /** The expected current revision, 0 for none; the request is refused if it is another one. */
    expected_revision: optional(
      Schema.Union(Schema.Literal(0), Revision).annotations({
        description: "the number of a revision, or 0 for none"
      })
    )
  }),
  status: ofApp("status", {}),
  list: request("list", {}),
  server_info: request("server_info", {}),
  get_secrets_hash: ofApp("get_secrets_hash", {}),
  secrets_state: ofApp("secrets_state", {}),
  /** Creates a release from a directory on the server's host, and rolls it out. */
  deploy: ofApp("deploy", {
    ...Specification.fields,
    /** Without it, the current number, or 1. */
    instances: optional(Instances),
    by
  }),
  /** Starts a stopped app. */
  scale: ofApp("scale", { instances: Instances, by }),
  stop: ofApp("stop", { by }),
  delete: ofApp("delete", { by }),
  rollback: ofApp("rollback", {
    /** A kept release; without it, the one before the current one. */
    release: optional(Ordinal),
    by
  }),
  restart: ofApp("restart", { by }),
  releases: ofApp("releases", {}),
  /** The latest entries of the audit trail. */
  events: ofApp("events", {
    /** The maximum number of entries; 100 without it. */
    limit: optional(wholeNumber(1, 1000))
  }),
  /** The latest lines of the app's output, masked. */
  logs: ofApp("logs", {
    /** The maximum number of lines; 100 without it. */
    lines: optional(wholeNumber(1, 10_000)),
    /** Only lines after this position: the `next` of an earlier answer. */
    after: optional(Label),
    /** Only lines of this instance. */
    instance: optional(Label)
  })
}))()

export type Command = keyof typeof requests
export type Request = { readonly [C in Command]: (typeof requests)[C]["Type"] }[Command]
export type RequestOf<C extends Command> = Extract<Request, { readonly command: C }>
export type UpdateSecrets = RequestOf<"update_secrets">
export type Deploy = RequestOf<"deploy">
export type Scale = RequestOf<"scale">
export type Rollback = RequestOf<"rollback">
export type Events = RequestOf<"events">
export type Logs = RequestOf<"logs">

const decoders = /* @__PURE__ */ (() =>
  Object.fromEntries(
    Object.entries<Schema.Schema.AnyNoContext>(requests).map(([command, schema]) => [
      command,
      decoderOf(() => schema)
    ])
  ) as { readonly [C in Command]: (value: unknown) => Decoded<RequestOf<C>> })()

/** Every command, as `hello` lists them. */
export const commands = /* @__PURE__ */ Object.keys(requests) as ReadonlyArray<Command>

/** A request, or a description of what is wrong with it, which names members but never quotes their values. */
export const decodeRequest = (line: Uint8Array): Either.Either<Request, string> => {
  const parsed = parseLine(line)
  if (Either.isLeft(parsed)) return Either.left(sentences[parsed.left])
  const json = parsed.right
  if (!isObject(json)) return Either.left("A request must be an object.")
  const command = Object.hasOwn(json, "command") ? json.command : undefined
  if (typeof command !== "string") return Either.left('A request must have a "command".')
  if (!isCommand(command)) return Either.left(unknownCommand(command))
  const decoded: Decoded<Request> = decoders[command](json)
  return Either.mapLeft(decoded, ({ problem, suggestion }) =>
    suggestion === undefined
      ? `${command}: ${problem}.`
      : `${command}: ${problem}; did you mean ${suggestion}?`
  )
}

const isCommand = (text: string): text is Command => Object.hasOwn(decoders, text)

const unknownCommand = (command: string): string => {
  const problem = `There is no command ${shownPath([command])}`
  return Option.match(nearest(command, commands), {
    onNone: () => `${problem}. There are: ${commands.join(", ")}.`,
    onSome: (suggestion) => `${problem}; did you mean ${suggestion}?`
  })
}

const sentences: Readonly<Record<Fault, string>> = {
  "not-text": "A request must be UTF-8.",
  "not-json": "A request must be one object of JSON in one line.",
  "duplicate-key": "A request must not have the same name twice in one object.",
  "too-deep": "A request must not be nested more than 64 levels deep.",
  "number-too-large": "A request has a number that is too large or too exact."
}

/** The request as one line, newline included; it may contain secrets. */
export const encodeRequest = (request: Request): Redacted.Redacted<string> => {
  if (request.command === "deploy") return Redacted.make(`${JSON.stringify(toJson(request))}\n`)
  if (request.command !== "update_secrets") return Redacted.make(`${JSON.stringify(request)}\n`)
  const { secrets, ...rest } = request
  const head = JSON.stringify(rest).slice(0, -1)
  return Redacted.make(`${head},"secrets":${Redacted.value(SecretSet.encode(secrets))}}\n`)
}
