import { createHmac, timingSafeEqual } from "node:crypto"
import type { HostIdentity } from "../../domain/ssh/host-identity.ts"
import type { Known } from "./known-hosts.ts"

/** A line of a known_hosts file that holds a key. */
export interface Entry {
  /** From 1. */
  readonly line: number
  readonly marker: "none" | "cert-authority" | "revoked"
  /** Patterns, or a hashed name, as it stands there. */
  readonly hosts: string
  readonly type: string
  readonly key: Buffer
}

/** The lines that hold a key; comments, what is malformed and what no ssh has written for years are passed over. */
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

/**
 * The type of a public key in the form of the wire, texts and numbers each with their length before them (RFC 4253, 6.6);
 * undefined of what has not that form to its end.
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

/** The line that ssh writes for a host's key, its newline included. */
export const lineOf = ({ name, hashed: hidden }: HostIdentity, key: Uint8Array): string => {
  const shown = hidden ? hashed(name, globalThis.crypto.getRandomValues(new Uint8Array(20))) : name
  return `${shown} ${typeOf(key) ?? ""} ${Buffer.from(key).toString("base64")}\n`
}

/**
 * Whether a line's hosts are of this name: patterns with `*` and `?`, of which one has to match and none that has a `!`
 * before it, or one hashed name, `|1|salt|HMAC-SHA1(salt, name)`.
 */
export const matches = (hosts: string, name: string): boolean =>
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

/** Goes back to the latest `*` alone, so that its time is bound by the product of the lengths. */
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

/** A name as HashKnownHosts has it, with 20 bytes of salt. */
export const hashed = (name: string, salt: Uint8Array): string =>
  `|1|${Buffer.from(salt).toString("base64")}|${hmac(salt, name).toString("base64")}`

export const entriesOf = (entries: ReadonlyArray<Entry>, name: string): ReadonlyArray<Entry> =>
  entries.filter(({ hosts }) => matches(hosts, name))

/**
 * As hostfile.c and sshconnect.c of OpenSSH decide: a revoked key is refused whatever else is known; a host that is known
 * by any key is not also new under another; the name without its port is only good for a key that fits exactly.
 */
export const known = (entries: ReadonlyArray<Entry>, { name, withoutPort }: HostIdentity): Known => {
  const named = entriesOf(entries, name)
  const bare = withoutPort === undefined ? [] : entriesOf(entries, withoutPort)
  const plain = named.filter(isPlain)
  const fallback = bare.filter(isPlain)
  return {
    judge: (key) => {
      const isIt = (entry: Entry) => entry.key.equals(key)
      if ([...named, ...bare].some((entry) => entry.marker === "revoked" && isIt(entry))) return "revoked"
      if (plain.some(isIt)) return "known"
      if (plain.length > 0) return "changed"
      return fallback.some(isIt) ? "known" : "unknown"
    },
    types: [...new Set((plain.length > 0 ? plain : fallback).map(({ type }) => type))],
    byAuthority: [...named, ...bare].some(({ marker }) => marker === "cert-authority")
  }
}

const isPlain = ({ marker }: Entry): boolean => marker === "none"
