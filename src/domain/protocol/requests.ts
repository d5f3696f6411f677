import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AppName } from "../app/app-name.ts"
import * as Fields from "../app/fields.ts"
import {
  isRevision,
  type Revision,
  type Specification,
  specificationOptional,
  specificationRequired,
  toJson
} from "../app/release.ts"
import * as SecretSet from "../app/secret-set.ts"
import { type Decoded, type Decoder, expected, oneOf, shownPath } from "../decoding/decoder.ts"
import { integer } from "../decoding/json.ts"
import { isObject, objectOf } from "../decoding/object.ts"
import { nearest } from "../did-you-mean.ts"
import type { KeyId } from "../key.ts"
import { type Fault, parseLine } from "./line.ts"

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
  readonly secrets: SecretSet.SecretSet
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

const named = <const C extends Command>(command: C) => ({ command: oneOf(command) })
const ofApp = <const C extends Command>(command: C) => ({ ...named(command), app: Fields.appName })

const expectedRevision: Decoder<Revision | 0> = (value, path) =>
  value === 0 || isRevision(value)
    ? Either.right(value)
    : expected(path, "the number of a revision, or 0 for none")

const decoders: { readonly [C in Command]: Decoder<RequestOf<C>> } = {
  hello: objectOf({ ...named("hello"), protocol_version: Fields.count }, {}),
  update_secrets: objectOf(
    { ...ofApp("update_secrets"), secrets: SecretSet.decoder },
    {
      dry_run: Fields.flag,
      key_id: Fields.keyId,
      previous_key_id: Fields.keyId,
      by: Fields.label,
      expected_revision: expectedRevision
    }
  ),
  status: objectOf(ofApp("status"), {}),
  list: objectOf(named("list"), {}),
  server_info: objectOf(named("server_info"), {}),
  get_secrets_hash: objectOf(ofApp("get_secrets_hash"), {}),
  secrets_state: objectOf(ofApp("secrets_state"), {}),
  deploy: objectOf(
    { ...ofApp("deploy"), ...specificationRequired },
    { ...specificationOptional, instances: Fields.instances, by: Fields.label }
  ),
  scale: objectOf({ ...ofApp("scale"), instances: Fields.instances }, { by: Fields.label }),
  stop: objectOf(ofApp("stop"), { by: Fields.label }),
  delete: objectOf(ofApp("delete"), { by: Fields.label }),
  rollback: objectOf(ofApp("rollback"), { release: Fields.ordinal, by: Fields.label }),
  restart: objectOf(ofApp("restart"), { by: Fields.label }),
  releases: objectOf(ofApp("releases"), {}),
  events: objectOf(ofApp("events"), { limit: integer(1, 1000) }),
  logs: objectOf(ofApp("logs"), { lines: integer(1, 10_000), after: Fields.label, instance: Fields.label })
}

/** Every command that there is, as hello tells them. */
export const commands = Object.keys(decoders) as ReadonlyArray<Command>

/** A request, or a sentence on what is wrong with it; it names members, never what stands in them. */
export const decodeRequest = (line: Uint8Array): Either.Either<Request, string> => {
  const parsed = parseLine(line)
  if (Either.isLeft(parsed)) return Either.left(sentences[parsed.left])
  const json = parsed.right
  if (!isObject(json)) return Either.left("A request must be an object.")
  const command = Object.hasOwn(json, "command") ? json.command : undefined
  if (typeof command !== "string") return Either.left('A request must have a "command".')
  if (!isCommand(command)) return Either.left(unknownCommand(command))
  const decoded: Decoded<Request> = decoders[command](json, [])
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

/** The request as one line, its newline included; there may be secrets in it. */
export const encodeRequest = (request: Request): Redacted.Redacted<string> => {
  if (request.command === "deploy") return Redacted.make(`${JSON.stringify(toJson(request))}\n`)
  if (request.command !== "update_secrets") return Redacted.make(`${JSON.stringify(request)}\n`)
  const { secrets, ...rest } = request
  const head = JSON.stringify(rest).slice(0, -1)
  return Redacted.make(`${head},"secrets":${Redacted.value(SecretSet.encode(secrets))}}\n`)
}
