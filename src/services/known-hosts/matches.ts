import { createHmac, timingSafeEqual } from "node:crypto"

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
