import * as Option from "effect/Option"
import { omitUndefined } from "../omit-undefined.ts"

/** How to reach a host, as in ssh(1): each part is safe to use as an argument. */
export interface Destination {
  /** A host name in DNS or ssh_config(5), or an IP address (IPv6 without brackets). */
  readonly host: string
  /** 1 to 65535. */
  readonly port?: number
  readonly user?: string
}

// ssh(1) itself accepts more, and has been exploited with what it takes for an option or expands in a command.
const name = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_.])?$/
const ipv6 = /^[0-9A-Fa-f:]{2,45}(?:%[A-Za-z0-9._-]{1,32})?$/

export const isHost = (text: string): boolean => name.test(text) || (text.includes(":") && ipv6.test(text))

/** 1 to 128 of A-Z, a-z, 0-9 and `_ . + @ -`, not starting with "-". */
export const isUser = (text: string): boolean => /^[A-Za-z0-9_.][A-Za-z0-9_.+@-]{0,127}$/.test(text)

export const isPort = (port: number): boolean => Number.isSafeInteger(port) && port >= 1 && port <= 65535

/** `[user@]host`, or `ssh://[user@]host[:port]` with an IPv6 address in brackets. */
export const parseDestination = (text: string): Option.Option<Destination> =>
  text.startsWith("ssh://") ? fromUri(text.slice("ssh://".length)) : checked(splitUser(text))

const fromUri = (rest: string): Option.Option<Destination> => {
  const { host, user } = splitUser(rest.replace(/\/$/, ""))
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(host) ?? []
  const bare = bracketed ?? plain
  if (bare === undefined) return Option.none()
  return checked({ host: bare, user, port: digits === undefined ? undefined : Number(digits) })
}

// A user name may contain an @ (from a directory service), a host name may not.
const splitUser = (text: string): Parts => {
  const at = text.lastIndexOf("@")
  return {
    host: text.slice(at + 1),
    user: at < 0 ? undefined : text.slice(0, at),
    port: undefined
  }
}

interface Parts {
  readonly host: string
  readonly user: string | undefined
  readonly port: number | undefined
}

const checked = ({ host, user, port }: Parts): Option.Option<Destination> =>
  isHost(host) && (user === undefined || isUser(user)) && (port === undefined || isPort(port))
    ? Option.some({ host, ...omitUndefined({ port, user }) })
    : Option.none()

/** The ssh command with which a person can connect. */
export const sshCommand = ({ host, port, user }: Destination, ...options: ReadonlyArray<string>): string =>
  [
    "ssh",
    ...options,
    ...(port === undefined ? [] : ["-p", String(port)]),
    user === undefined ? host : `${user}@${host}`
  ].join(" ")

/** `user@host:port` for people, without the parts that are not set. */
export const shownDestination = ({ host, port, user }: Destination): string => {
  const place = port === undefined ? host : `${host.includes(":") ? `[${host}]` : host}:${port}`
  return user === undefined ? place : `${user}@${place}`
}
