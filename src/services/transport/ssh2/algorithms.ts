import type { SshSettings } from "../../../domain/ssh/ssh-settings.ts"

/** What ssh2 1.17 supports, without broken algorithms: SHA-1 signatures, CBC and group 1, whatever the configuration allows. */
const supported = {
  hostKey: [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256"
  ],
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512"
  ],
  // AES-GCM first: it is native in Node, while ChaCha20-Poly1305 is partly JavaScript.
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "chacha20-poly1305@openssh.com"
  ],
  mac: [
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha1-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha1"
  ]
} as const

export interface Offer {
  readonly serverHostKey: ReadonlyArray<string>
  readonly kex: ReadonlyArray<string>
  readonly cipher: ReadonlyArray<string>
  readonly hmac: ReadonlyArray<string>
}

/**
 * What both the configuration allows and ssh2 supports; undefined when one of the four lists would be empty. Like ssh, it
 * prefers the types of key that the host is known by: otherwise a host with several keys would seem to have changed.
 */
export const offerOf = (
  { algorithms }: Pick<SshSettings, "algorithms">,
  knownTypes: ReadonlyArray<string>
): Offer | undefined => {
  const allowed = (kind: keyof typeof supported) => {
    const wanted = algorithms[kind]
    return wanted.length === 0 ? supported[kind] : supported[kind].filter((name) => wanted.includes(name))
  }
  const hostKeys = allowed("hostKey")
  const isKnown = (name: string) => knownTypes.includes(name.startsWith("rsa-sha2-") ? "ssh-rsa" : name)
  const offer = {
    serverHostKey: [...hostKeys.filter(isKnown), ...hostKeys.filter((name) => !isKnown(name))],
    kex: allowed("kex"),
    cipher: allowed("cipher"),
    hmac: allowed("mac")
  }
  return Object.values(offer).every((list) => list.length > 0) ? offer : undefined
}
