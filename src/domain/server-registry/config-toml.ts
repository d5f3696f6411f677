import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { omitUndefined } from "../omit-undefined.ts"
import { type Decoded, decoderOf } from "../schema/decoder.ts"
import { isObject, listOf, optional, Text, textWhere, wholeNumber } from "../schema/fields.ts"
import { plainToml } from "../schema/toml.ts"
import { type Destination, isUser, parseDestination, shownDestination } from "./destination.ts"
import {
  defaultSocket,
  isServerName,
  isSocketPath,
  localName,
  type RegisteredServer
} from "./registered-server.ts"

const makeDocument = () => {
  /** May include the user and the port, unless they are given as separate members. */
  const Host = Schema.transformOrFail(
    Text,
    Schema.declare((value): value is Destination => isObject(value)),
    {
      strict: true,
      decode: (text, _, ast) =>
        Either.fromOption(parseDestination(text), () => new ParseResult.Type(ast, text)),
      encode: (destination) => Either.right(shownDestination(destination))
    }
  ).annotations({ description: "a host that ssh knows, as in la.example or deploy@la.example" })

  const Server = Schema.Struct({
    name: textWhere(
      isServerName,
      `a server's name: 1 to 63 characters of A-Z, a-z, 0-9 and . _ -, starting with a letter or a digit, and not ${localName}`
    ),
    host: Host,
    port: optional(wholeNumber(1, 65535)),
    user: optional(textWhere(isUser, "a user's name")),
    socket: optional(textWhere(isSocketPath, "the absolute path of tako-server's socket"))
  }).pipe(
    Schema.filter(({ host, ...own }) => {
      const twice = (["user", "port"] as const).find(
        (key) => own[key] !== undefined && host[key] !== undefined
      )
      return twice === undefined ? undefined : { path: [twice], message: " is also in host; keep one" }
    })
  )

  return Schema.Struct({
    servers: optional(
      listOf(Server, "tables: [[servers]]").pipe(
        Schema.filter((servers) => {
          const names = servers.map(({ name }) => name)
          const again = names.findIndex((name, index) => names.indexOf(name) !== index)
          return again < 0
            ? undefined
            : { path: [again, "name"], message: " is also the name of another server" }
        })
      )
    )
  })
}
type Server = NonNullable<ReturnType<typeof makeDocument>["Type"]["servers"]>[number]

/** The content of the user's config.toml. */
export interface ConfigToml {
  /** In the order of the file, with unique names. */
  readonly servers: ReadonlyArray<RegisteredServer>
}

const decodeDocument = decoderOf(makeDocument, { object: "a table" })

/** What a parsed config.toml says, its integers as bigint. */
export const decode = (parsed: unknown): Decoded<ConfigToml> =>
  Either.map(decodeDocument(plainToml(parsed)), ({ servers = [] }) => ({ servers: servers.map(toServer) }))

const toServer = ({ name, host, socket = defaultSocket, port, user }: Server): RegisteredServer => ({
  name,
  socket,
  ssh: {
    ...host,
    ...omitUndefined({ port, user })
  }
})

/**
 * Appends a server to the text of a config.toml and leaves the rest unchanged. Parse the result before
 * using it: a file that does not list its servers as separate tables cannot be extended this way.
 */
export const withServer = (text: string, server: RegisteredServer): string => {
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`
  return `${before}${before === "" ? "" : "\n"}${printTable(server)}`
}

/**
 * Removes the table of the server at this index, and the empty lines before it; comments
 * stay. Undefined if there is no such table. Parse the result before using it.
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

/** A basic string of TOML, which for printable ASCII is the same as a JSON string. */
const quoted = (text: string): string => JSON.stringify(text)
