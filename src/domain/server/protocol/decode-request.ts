import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type Decoded, type Decoder, expected, oneOf, shownPath } from "../../decoding/decoder.ts"
import { integer } from "../../decoding/json.ts"
import { isObject, objectOf } from "../../decoding/object.ts"
import { nearest } from "../../did-you-mean.ts"
import * as Fields from "../fields.ts"
import { isRevision, type Revision } from "../revision.ts"
import * as SecretSet from "../secret-set.ts"
import * as Specification from "../specification.ts"
import { type Fault, parseLine } from "./line.ts"
import type { Command, Request, RequestOf } from "./requests.ts"

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
    { ...ofApp("deploy"), ...Specification.required },
    { ...Specification.optional, instances: Fields.instances, by: Fields.label }
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
