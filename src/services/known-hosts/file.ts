import { createHmac, timingSafeEqual } from "node:crypto"
import type { HostIdentity } from "../../domain/ssh/host-identity.ts"
import type { Known } from "./known-hosts.ts"

/** A line of a known_hosts file that holds a key (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface Entry {
  /** From 1. */
  readonly line: number
  readonly marker: "none" | "cert-authority" | "revoked"
  /** Patterns, or a hashed name, as written in the file. */
  readonly hosts: string
  readonly type: string
  readonly key: Buffer
}

/**
 * Decides as OpenSSH's hostfile.c and sshconnect.c do. A revoked key is refused whatever else is known. A host that is known by
 * one key has changed when it presents another, even of another type. An entry for the name without the port only helps to
 * accept a key.
 */
export const known = (entries: ReadonlyArray<Entry>, { name, withoutPort }: HostIdentity): Known => {
  const named = entriesOf(entries, name)
  const portless = withoutPort === undefined ? [] : entriesOf(entries, withoutPort)
  const own = named.filter(isUnmarked)
  const fallback = portless.filter(isUnmarked)
  return {
    judge: (key) => {
      const holdsKey = (entry: Entry) => entry.key.equals(key)
      const revoked = [...named, ...portless].filter(({ marker }) => marker === "revoked")
      if (revoked.some(holdsKey)) return "revoked"
      if (own.some(holdsKey)) return "known"
      if (own.length > 0) return "changed"
      return fallback.some(holdsKey) ? "known" : "unknown"
    },
    types: [...new Set((own.length > 0 ? own : fallback).map(({ type }) => type))],
    byAuthority: [...named, ...portless].some(({ marker }) => marker === "cert-authority")
  }
}

export const entriesOf = (entries: ReadonlyArray<Entry>, name: string): ReadonlyArray<Entry> =>
  entries.filter(({ hosts }) => matches(hosts, name))

const isUnmarked = ({ marker }: Entry): boolean => marker === "none"

/** Parses the lines that hold a key. Comments, malformed lines and formats that ssh gave up years ago are skipped. */
export const parse = (text: string): ReadonlyArray<Entry> =>
  text.split("\n").flatMap((content, index) => {
    const entry = parseLine(content, index + 1)
    return entry === undefined ? [] : [entry]
  })

const parseLine = (content: string, line: number): Entry | undefined => {
  const fields = content
    .replace(/\r$/, "")
    .split(/[ \t]+/)
    .filter((field) => field !== "")
  const marker = fields[0]?.startsWith("@") ? markers.get(fields.shift() as string) : "none"
  const [hosts, type, base64] = fields
  if (marker === undefined || hosts === undefined || type === undefined || base64 === undefined)
    return undefined
  if (hosts.startsWith("#") || hosts.startsWith("@") || !/^[A-Za-z0-9+/]+=*$/.test(base64)) return undefined
  const key = Buffer.from(base64, "base64")
  return typeOf(key) === type ? { line, marker, hosts, type, key } : undefined
}

const markers = new Map<string, Entry["marker"]>([
  ["@cert-authority", "cert-authority"],
  ["@revoked", "revoked"]
])

/** Prints the line that ssh would write for a host's key, with its newline. */
export const lineOf = ({ name, hashed: isHashed }: HostIdentity, key: Uint8Array): string => {
  const shown = isHashed ? hashed(name, globalThis.crypto.getRandomValues(new Uint8Array(20))) : name
  return `${shown} ${typeOf(key) ?? ""} ${Buffer.from(key).toString("base64")}\n`
}

/**
 * The type of a public key in wire format: strings and numbers, each after its length (RFC 4253, 6.6). Undefined unless all of
 * it has that format.
 */
export const typeOf = (key: Uint8Array): string | undefined => {
  const view = new DataView(key.buffer, key.byteOffset, key.length)
  let type: string | undefined
  let at = 0
  while (at < key.length) {
    if (at + 4 > key.length) return undefined
    const end = at + 4 + view.getUint32(at)
    if (end > key.length) return undefined
    type ??= Buffer.from(key.subarray(at + 4, end)).toString("latin1")
    at = end
  }
  return type
}

/**
 * Whether a line's hosts field covers this name. It is either a list of patterns with `*` and `?`, of which one has to match and
 * none after a `!` may, or a single hashed name: `|1|salt|HMAC-SHA1(salt, name)`.
 */
const matches = (hosts: string, name: string): boolean =>
  hosts.startsWith("|") ? matchesHash(hosts, name) : matchesList(hosts.split(","), name)

const matchesList = (patterns: ReadonlyArray<string>, name: string): boolean => {
  let matched = false
  for (const pattern of patterns) {
    const negated = pattern.startsWith("!")
    if (!matchesPattern(pattern.slice(negated ? 1 : 0).toLowerCase(), name)) continue
    if (negated) return false
    matched = true
  }
  return matched
}

/** Backtracks only to the latest `*`, so that time is bounded by the product of the two lengths. */
const matchesPattern = (pattern: string, name: string): boolean => {
  let at = 0
  let star: { readonly after: number; from: number } | undefined
  for (let i = 0; i < name.length; ) {
    if (pattern[at] === "*") {
      star = { after: ++at, from: i }
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[i])) {
      at++
      i++
    } else if (star !== undefined) {
      at = star.after
      i = ++star.from
    } else {
      return false
    }
  }
  return /^\**$/.test(pattern.slice(at))
}

const matchesHash = (hosts: string, name: string): boolean => {
  const [, salt, hash] = /^\|1\|([A-Za-z0-9+/]+=*)\|([A-Za-z0-9+/]+=*)$/.exec(hosts) ?? []
  if (salt === undefined || hash === undefined) return false
  const expected = Buffer.from(hash, "base64")
  const actual = hmac(Buffer.from(salt, "base64"), name)
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

const hmac = (salt: Uint8Array, name: string): Buffer => createHmac("sha1", salt).update(name).digest()

/** A name as HashKnownHosts stores it, with a salt of 20 bytes. */
export const hashed = (name: string, salt: Uint8Array): string =>
  `|1|${Buffer.from(salt).toString("base64")}|${hmac(salt, name).toString("base64")}`
