import type { HostIdentity } from "../../domain/ssh/host-identity.ts"
import type { Known } from "./known-hosts.ts"
import { matches } from "./matches.ts"
import type { Entry } from "./parse.ts"

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
