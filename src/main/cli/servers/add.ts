import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { NoTerminal, Usage } from "../../../domain/errors/user.ts"
import { omitUndefined } from "../../../domain/omit-undefined.ts"
import { printable } from "../../../domain/printable.ts"
import { isPort, isUser, parseDestination } from "../../../domain/server-registry/destination.ts"
import {
  defaultSocket,
  isServerName,
  isSocketPath,
  localName,
  type RegisteredServer
} from "../../../domain/server-registry/registered-server.ts"
import { add as addServer, type UnknownHost } from "../../../programs/servers/add.ts"
import { ServerRegistry } from "../../../services/server-registry/server-registry.ts"
import { Terminal } from "../../../services/terminal/terminal.ts"
import { argument, flag, leaf } from "../command.ts"
import { say } from "../output.ts"

export const add = leaf(
  "add",
  {
    summary: "Connect to a server, and add it to the list",
    description:
      "HOST is an SSH destination: a name in your ssh configuration, a host, user@host or ssh://user@host:port. tako connects as ssh would. It shows an unknown host key and asks before it adds it to your known_hosts.",
    example: "tako servers add la deploy@la.example",
    arguments: { name: argument.text("NAME"), host: argument.text("HOST") },
    flags: {
      port: flag.text("port", { value: "PORT", summary: "Connect to this port" }),
      user: flag.text("user", { value: "USER", summary: "Log in as this user" }),
      socket: flag.text("socket", {
        value: "PATH",
        summary: `Use this socket of tako-server (default ${defaultSocket})`
      }),
      hostKey: flag.text("host-key", {
        value: "FINGERPRINT",
        summary: "Accept an unknown host key with this fingerprint (SHA256:…) without asking"
      }),
      unchecked: flag.boolean("no-check", { summary: "Add it without connecting" })
    }
  },
  (input) =>
    Effect.gen(function* () {
      const server = yield* entryOf(input)
      const { name } = server
      if (input.unchecked) {
        const servers = yield* ServerRegistry
        yield* servers.add(server)
        return yield* say(`Added server ${name} without connecting to it`)
      }
      const outcome = yield* addServer(server, trusts(input.hostKey))
      if (outcome._tag === "Answers") {
        return yield* say(`Added server ${name}: tako-server ${printable(outcome.version)} answers`)
      }
      yield* say(`Added server ${name}. The login works, but tako-server does not answer yet.`)
      yield* say(outcome.why.message)
    })
)

interface Input {
  readonly name: string
  readonly host: string
  readonly port: Option.Option<string>
  readonly user: Option.Option<string>
  readonly socket: Option.Option<string>
}

const entryOf = Effect.fnUntraced(function* (input: Input) {
  const { name, host } = input
  if (!isServerName(name)) {
    const problem =
      name === localName
        ? `${localName} is the server on this machine and is always there.`
        : "A server's name has 1 to 63 characters of A-Z, a-z, 0-9 and . _ -, and starts with a letter or a digit."
    return yield* new Usage({ problem })
  }
  const destination = Option.getOrUndefined(parseDestination(host))
  if (destination === undefined) {
    return yield* new Usage({
      problem: "HOST is not a valid SSH destination.",
      hint: "For example: la.example, deploy@la.example, ssh://deploy@la.example:2222"
    })
  }
  const port = Option.getOrUndefined(input.port)
  const user = Option.getOrUndefined(input.user)
  const socket = Option.getOrElse(input.socket, () => defaultSocket)
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && isPort(Number(port)))) {
    return yield* new Usage({ problem: "--port takes a number from 1 to 65535." })
  }
  if (user !== undefined && !isUser(user)) {
    return yield* new Usage({ problem: "--user takes a user's name: A-Z, a-z, 0-9 and _ . + @ -." })
  }
  if (port !== undefined && destination.port !== undefined) return yield* twice("port")
  if (user !== undefined && destination.user !== undefined) return yield* twice("user")
  if (!isSocketPath(socket)) {
    return yield* new Usage({
      problem: "--socket takes an absolute path of at most 107 bytes, without spaces."
    })
  }
  const ssh = {
    ...destination,
    ...omitUndefined({ port: port === undefined ? undefined : Number(port), user })
  }
  return { name, socket, ssh } satisfies RegisteredServer
})

const twice = (what: string) => new Usage({ problem: `HOST already has a ${what}: leave out --${what}.` })

/** A person compares fingerprints; a script is given the one that it may accept. */
const trusts =
  (expected: Option.Option<string>) =>
  ({ identity, key }: UnknownHost) =>
    Effect.gen(function* () {
      const what = `The host key of ${identity.name} is not known: ${key.type} ${key.fingerprint}`
      if (Option.isSome(expected)) {
        if (expected.value.trim() === key.fingerprint) return true
        return yield* new Usage({
          problem: `${what}.`,
          hint: "It does not match --host-key. Nothing was changed."
        })
      }
      const terminal = yield* Terminal
      if (!(yield* terminal.isThere)) {
        return yield* new NoTerminal({
          question: what,
          instead: `Compare it with the server's own. If they match, add --host-key ${key.fingerprint}`
        })
      }
      yield* say(`The host key of ${identity.name} is not known:\n  ${key.type} ${key.fingerprint}`)
      yield* say(
        `To see what it should be, run this on the server:\n  ssh-keygen -lf /etc/ssh/ssh_host_${fileOf(key.type)}_key.pub`
      )
      const yes = yield* terminal.confirm("Do they match?", { default: false })
      if (yes) yield* say(`Added to ${identity.files[0] ?? "known_hosts"}`)
      return yes
    })

const fileOf = (type: string): string =>
  type.startsWith("ecdsa") ? "ecdsa" : type === "ssh-rsa" ? "rsa" : "ed25519"
