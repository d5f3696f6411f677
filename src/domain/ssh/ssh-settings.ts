import * as Option from "effect/Option"
import { omitUndefined } from "../omit-undefined.ts"
import { type Destination, isHost, isPort, isUser, parseDestination } from "../server-registry/destination.ts"
import { type HostIdentity, hostIdentity, nowhere } from "./host-identity.ts"

/** How a host is to be reached, when all of ssh_config(5) has been said. */
export interface SshSettings {
  readonly hostname: string
  readonly port: number
  readonly user: string
  readonly identity: HostIdentity
  readonly addressFamily: "any" | "inet" | "inet6"
  /** The hosts on the way there, the first one first; empty for none. */
  readonly jumps: ReadonlyArray<Destination>
  /** Absolute paths of private keys, in order; some may not be there. */
  readonly identityFiles: ReadonlyArray<string>
  /** Whether the agent is asked only for the keys of those files. */
  readonly identitiesOnly: boolean
  /** The path of the agent's socket; without one, the agent is SSH_AUTH_SOCK's, and "none" is none. */
  readonly agent?: string
  /** Acceptable algorithms, the best first, under their names in SSH (RFC 4253). */
  readonly algorithms: {
    readonly hostKey: ReadonlyArray<string>
    readonly kex: ReadonlyArray<string>
    readonly cipher: ReadonlyArray<string>
    readonly mac: ReadonlyArray<string>
  }
  /** In s, when it is set. */
  readonly connectTimeout?: number
  readonly aliveInterval?: number
  /** Settings that only OpenSSH's own client can follow, by their names. */
  readonly onlyOpenSsh: ReadonlyArray<string>
}

/** What tokens in paths stand for (ssh_config(5), TOKENS). */
export interface Surroundings {
  /** The user's folder, as the account has it. */
  readonly home: string
  /** The name of this machine's user. */
  readonly localUser: string
}

/** What `ssh -G` prints; none when it is not as it should be, or names what is not fit for an argument. */
export const parseSettings = (text: string, around: Surroundings): Option.Option<SshSettings> => {
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
      d: around.home,
      h: hostname,
      p: String(port),
      r: user,
      u: around.localUser
    }
    const whole = path.replace(/^~(?=\/)/, around.home)
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
