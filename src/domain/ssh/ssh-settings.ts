import * as Option from "effect/Option"
import { omitUndefined } from "../omit-undefined.ts"
import { type Destination, isHost, isPort, isUser, parseDestination } from "../server-registry/destination.ts"
import { type HostIdentity, hostIdentity, nowhere } from "./host-identity.ts"

/** How ssh reaches a host, with everything in ssh_config(5) applied. */
export interface SshSettings {
  readonly hostname: string
  readonly port: number
  readonly user: string
  readonly identity: HostIdentity
  readonly addressFamily: "any" | "inet" | "inet6"
  /** The jump hosts, in the order in which they are passed. */
  readonly jumps: ReadonlyArray<Destination>
  /** Absolute paths of private keys, in order; some may not exist. */
  readonly identityFiles: ReadonlyArray<string>
  /** Whether of the agent's keys only those of these files are offered. */
  readonly identitiesOnly: boolean
  /** The path of the agent's socket. Absent, it is SSH_AUTH_SOCK's; "none" means no agent. */
  readonly agent?: string
  /** The algorithms that are allowed, best first, by their names in SSH (RFC 4253). */
  readonly algorithms: {
    readonly hostKey: ReadonlyArray<string>
    readonly kex: ReadonlyArray<string>
    readonly cipher: ReadonlyArray<string>
    readonly mac: ReadonlyArray<string>
  }
  /** In seconds, if set. */
  readonly connectTimeout?: number
  readonly aliveInterval?: number
  /** The names of settings that only OpenSSH's own client supports. */
  readonly onlyOpenSsh: ReadonlyArray<string>
}

/** The local user, for tokens in paths (ssh_config(5), TOKENS). */
export interface Account {
  /** The home folder according to the account, not to $HOME. */
  readonly home: string
  readonly localUser: string
}

/** Parses what `ssh -G` prints. None when it is malformed, or names something that is not safe as an argument. */
export const parseSettings = (text: string, account: Account): Option.Option<SshSettings> => {
  const settings = new Map<string, Array<string>>()
  for (const line of text.split("\n")) {
    const [, key, value] = /^([A-Za-z0-9]+) (.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) continue
    settings.set(key.toLowerCase(), [...(settings.get(key.toLowerCase()) ?? []), value])
  }
  const first = (key: string): string | undefined => {
    const value = settings.get(key)?.[0]
    return value === undefined || value === "none" ? undefined : value
  }
  const hostname = first("hostname")
  const user = first("user")
  const port = Number(first("port"))
  const jumps = jumpsOf(first("proxyjump"))
  if (hostname === undefined || user === undefined || jumps === undefined) return Option.none()
  if (!isHost(hostname) || !isUser(user) || !isPort(port)) return Option.none()

  const expand = (path: string): string | undefined => {
    const tokens: Readonly<Record<string, string>> = {
      "%": "%",
      d: account.home,
      h: hostname,
      p: String(port),
      r: user,
      u: account.localUser
    }
    const whole = path.replace(/^~(?=\/)/, account.home)
    const known = [...whole.matchAll(/%(.?)/g)].every(([, token]) => Object.hasOwn(tokens, token ?? ""))
    const expanded = known ? whole.replace(/%(.)/g, (_, token: string) => tokens[token] ?? "") : undefined
    return expanded?.startsWith("/") ? expanded : undefined
  }
  const paths = (values: ReadonlyArray<string>) => values.flatMap((value) => expand(value) ?? [])
  const words = (value: string) => value.split(" ").filter((word) => word !== "")
  const list = (key: string) => (first(key) ?? "").split(",").filter((word) => word !== "")
  const seconds = (key: string) => {
    const number = Number(first(key))
    return Number.isSafeInteger(number) && number > 0 ? number : undefined
  }

  const alias = first("hostkeyalias")
  const agent = settings.get("identityagent")?.[0]
  const agentPath = agent === undefined || agent === "SSH_AUTH_SOCK" ? undefined : agent
  const family = first("addressfamily")
  const connectTimeout = seconds("connecttimeout")
  const aliveInterval = seconds("serveraliveinterval")
  return Option.some({
    hostname,
    port,
    user,
    identity: hostIdentity(
      { host: hostname, port, ...omitUndefined({ alias }) },
      {
        files: paths(
          [first("userknownhostsfile") ?? nowhere, first("globalknownhostsfile") ?? ""].flatMap(words)
        ),
        hashed: first("hashknownhosts") === "yes"
      }
    ),
    addressFamily: family === "inet" || family === "inet6" ? family : "any",
    jumps,
    identityFiles: paths(settings.get("identityfile") ?? []),
    identitiesOnly: first("identitiesonly") === "yes",
    ...(agentPath === undefined
      ? {}
      : { agent: agentPath === "none" ? "none" : (expand(agentPath) ?? "none") }),
    algorithms: {
      hostKey: list("hostkeyalgorithms"),
      kex: list("kexalgorithms"),
      cipher: list("ciphers"),
      mac: list("macs")
    },
    ...omitUndefined({ connectTimeout, aliveInterval }),
    onlyOpenSsh: onlyOpenSsh.filter((key) => first(key.toLowerCase()) !== undefined)
  })
}

const onlyOpenSsh = [
  "ProxyCommand",
  "CertificateFile",
  "PKCS11Provider",
  "KnownHostsCommand",
  "RevokedHostKeys",
  "BindAddress",
  "BindInterface"
]

const jumpsOf = (value: string | undefined): ReadonlyArray<Destination> | undefined => {
  if (value === undefined) return []
  const jumps = value.split(",").map((one) => parseJump(one))
  return jumps.every((jump) => jump !== undefined) ? jumps : undefined
}

/** `[user@]host[:port]`, or a URI (ssh_config(5), ProxyJump). */
const parseJump = (text: string): Destination | undefined =>
  Option.getOrUndefined(parseDestination(text.startsWith("ssh://") ? text : `ssh://${text}`))
