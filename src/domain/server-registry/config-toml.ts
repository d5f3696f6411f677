import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type Decoded, type Decoder, expected, listOf, misfit, shownPath, that } from "../decoding/decoder.ts"
import { integer, tableOf } from "../decoding/toml.ts"
import { parseDestination } from "./destination.ts"
import {
  defaultSocket,
  isServerName,
  isSocketPath,
  localName,
  type RegisteredServer
} from "./registered-server.ts"

/** What the user's config.toml says. */
export interface ConfigToml {
  /** In the order of the file; no name twice. */
  readonly servers: ReadonlyArray<RegisteredServer>
}

const isString = (value: unknown): value is string => typeof value === "string"

const table = tableOf({
  name: that(
    (value): value is string => isString(value) && isServerName(value),
    `a server's name: 1 to 63 of A-Z, a-z, 0-9 and . _ -, a letter or digit first, and not ${localName}`
  ),
  host: that(isString, "a text"),
  port: integer(1, 65535),
  user: that(isString, "a text"),
  socket: that(
    (value): value is string => isString(value) && isSocketPath(value),
    "the absolute path of tako-server's socket"
  )
})

/** `host` may name the user and the port as well, if they are not there by themselves. */
const server: Decoder<RegisteredServer> = (value, path) =>
  Either.gen(function* () {
    const { name, host, port, user, socket = defaultSocket } = yield* table(value, path)
    if (name === undefined) return yield* missing(path, "name")
    if (host === undefined) return yield* missing(path, "host")
    const destination = Option.getOrUndefined(parseDestination(host))
    if (destination === undefined) {
      return yield* expected(
        [...path, "host"],
        "a host that ssh knows, as in la.example or deploy@la.example"
      )
    }
    if (user !== undefined && destination.user !== undefined) return yield* twice(path, "user")
    if (port !== undefined && destination.port !== undefined) return yield* twice(path, "port")
    const asked = user === undefined ? destination : { ...destination, user }
    if (user !== undefined && Option.isNone(parseDestination(`${user}@${destination.host}`))) {
      return yield* expected([...path, "user"], "a user's name")
    }
    return { name, socket, ssh: port === undefined ? asked : { ...asked, port } }
  })

const missing = (path: ReadonlyArray<string>, key: string) =>
  misfit(path, `${shownPath([...path, key])} is missing`)

const twice = (path: ReadonlyArray<string>, key: string) =>
  misfit(path, `${shownPath([...path, key])} is in host as well; keep one`)

const document = tableOf({ servers: listOf(server, "tables: [[servers]]") })

/** What a parsed config.toml says, its integers as bigint. */
export const decode = (parsed: unknown): Decoded<ConfigToml> =>
  Either.flatMap(document(parsed, []), ({ servers = [] }) => {
    const names = servers.map(({ name }) => name)
    const again = names.findIndex((name, index) => names.indexOf(name) !== index)
    return again < 0
      ? Either.right({ servers })
      : misfit(["servers"], `${shownPath(["servers", String(again), "name"])} is that of another server, too`)
  })

/**
 * The text of a config.toml with a server more, at its end; everything else is as it was. Read what comes of it before
 * it is believed: a file whose servers are not in tables of their own cannot be added to in this way.
 */
export const withServer = (text: string, server: RegisteredServer): string => {
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`
  return `${before}${before === "" ? "" : "\n"}${printTable(server)}`
}

/**
 * The text without the table of the server at this place among them, and without the empty lines before it; comments
 * stay. Undefined when there is no such table. Read what comes of it before it is believed.
 */
export const withoutServer = (text: string, index: number): string | undefined => {
  const lines = text.split("\n")
  const headers = lines.flatMap((line, at) => (isServers.test(line) ? [at] : []))
  const header = headers[index]
  if (header === undefined) return undefined
  const next = lines.findIndex((line, at) => at > header && /^\s*\[/.test(line))
  const end = lines.slice(0, next < 0 ? lines.length : next).findLastIndex((line) => !isBetween.test(line))
  const start = lines.slice(0, header).findLastIndex((line) => line.trim() !== "") + 1
  return [...lines.slice(0, start), ...lines.slice(end + 1)].join("\n").replace(/^\n+/, "")
}

const isServers = /^\s*\[\[\s*(?:servers|"servers"|'servers')\s*\]\]\s*(?:#.*)?\r?$/
const isBetween = /^\s*(?:#.*)?$/

const printTable = ({ name, socket, ssh: { host, port, user } }: RegisteredServer): string =>
  [
    "[[servers]]",
    `name = ${quoted(name)}`,
    `host = ${quoted(host)}`,
    ...(port === undefined ? [] : [`port = ${port}`]),
    ...(user === undefined ? [] : [`user = ${quoted(user)}`]),
    ...(socket === defaultSocket ? [] : [`socket = ${quoted(socket)}`]),
    ""
  ].join("\n")

/** As TOML's basic strings have it, which for printable ASCII is as JSON has it. */
const quoted = (text: string): string => JSON.stringify(text)
