import type { HostIdentity } from "../../domain/ssh/host-identity.ts"
import { hashed } from "./matches.ts"
import { typeOf } from "./parse.ts"

/** The line that ssh writes for a host's key, its newline included. */
export const lineOf = ({ name, hashed: hidden }: HostIdentity, key: Uint8Array): string => {
  const shown = hidden ? hashed(name, globalThis.crypto.getRandomValues(new Uint8Array(20))) : name
  return `${shown} ${typeOf(key) ?? ""} ${Buffer.from(key).toString("base64")}\n`
}
