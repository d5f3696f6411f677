import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type Decoded, type Decoder, expected, listOf, misfit, shownPath, that } from "../decoding/decoder.ts"
import { integer, tableOf } from "../decoding/toml.ts"
import { parseDestination } from "./destination.ts"
import { defaultSocket, isServerName, isSocketPath, localName, type ServerEntry } from "./server-entry.ts"

/** What the user's config.toml says. */
export interface ConfigToml {
  /** In the order of the file; no name twice. */
  readonly servers: ReadonlyArray<ServerEntry>
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
const server: Decoder<ServerEntry> = (value, path) =>
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
