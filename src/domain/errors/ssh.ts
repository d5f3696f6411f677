import * as Data from "effect/Data"
import { type Destination, sshCommand } from "../server-registry/destination.ts"
import { type HostIdentity, isForgotten } from "../ssh/host-identity.ts"

/** A host presented a key other than the one this user knows it by, so nothing was sent. Exit 5. */
export class HostKeyRefused extends Data.TaggedError("HostKeyRefused")<{
  readonly server: string
  /** The server's own; the host may be one on the way there. */
  readonly destination: Destination
  readonly reason: "unknown" | "changed" | "revoked"
  /** The host whose key it is: the server's, or a jump host. */
  readonly identity: HostIdentity
  /** What it presented. OpenSSH's client does not report it. */
  readonly key?: HostKey
}> {
  override get message(): string {
    const { name, files } = this.identity
    const shown = this.key === undefined ? "" : ` (${this.key.type} ${this.key.fingerprint})`
    const host = name === this.server ? name : `${name}, for server ${this.server},`
    switch (this.reason) {
      case "unknown":
        return isForgotten(this.identity)
          ? `The host key of ${host} is not known${shown}, and your ssh configuration keeps no host keys. Nothing was sent.\nName a file for them there: UserKnownHostsFile ~/.ssh/known_hosts`
          : `The host key of ${host} is not known${shown}. Nothing was sent.\nCompare it with the key shown on the host itself, then accept it once: ${sshCommand(this.destination)}`
      case "changed":
        return `The host key of ${host} has changed${shown}: someone may be intercepting the connection. Nothing was sent.\nIf the host was reinstalled: ssh-keygen ${fileOption(files)}-R '${name}', then accept its new key: ${sshCommand(this.destination)}`
      case "revoked":
        return `The host key of ${host} is revoked in known_hosts${shown}. Nothing was sent.\nGive the host another key.`
    }
  }
}

/** A public key that a host presented. */
export interface HostKey {
  /** For example ssh-ed25519. */
  readonly type: string
  /** `SHA256:` and the hash in base64 without padding, as ssh shows it. */
  readonly fingerprint: string
  /** In wire format (RFC 4253, 6.6). */
  readonly blob: Uint8Array
}

/** Without -f, ssh-keygen uses the user's own known_hosts. */
const fileOption = ([file]: ReadonlyArray<string>): string =>
  file === undefined || file.endsWith("/.ssh/known_hosts") ? "" : `-f ${file} `

/** A host did not let this user log in, or there was no key to log in with. Exit 5. */
export class LoginRefused extends Data.TaggedError("LoginRefused")<{
  readonly server: string
  readonly destination: Destination
  /** For example la.example. */
  readonly host: string
  readonly user: string
  /** "locked": the host accepts a key whose passphrase was not given, or was wrong. */
  readonly reason: "refused" | "no-keys" | "locked"
  /** How many keys it was offered, if known. */
  readonly offered?: number
  /** Whether it ended the connection, as sshd does after a few wrong keys (MaxAuthTries). */
  readonly hungUp?: boolean
  /** The locked key's file. */
  readonly file?: string
  /** A key that exists and was not offered. */
  readonly passedOver?: PassedOver
}> {
  override get message(): string {
    const what = `Server ${this.server} did not let ${this.user} log in at ${this.host}`
    if (this.passedOver !== undefined && this.reason !== "locked") {
      const { path, why } = this.passedOver
      const others = this.reason === "no-keys" ? "" : ` (${declined(this.offered)})`
      switch (why) {
        case "exposed":
          return `${what}: ${path} was skipped, because others can read it${others}.\nMake it private: chmod 600 ${path}`
        case "nameless":
          return `${what}: ${path} is encrypted, and its public key, ${path}.pub, is missing${others}.\nCreate it: ssh-keygen -y -f ${path} > ${path}.pub`
        case "unreadable":
          return `${what}: ${path} contains no readable key${others}.\nSee what is wrong with it: ssh-keygen -y -f ${path}`
      }
    }
    switch (this.reason) {
      case "locked":
        return `${what}: the passphrase of ${this.file} was not given, or is wrong.\nUnlock it for the agent: ssh-add ${this.file} (in CI: TAKO_SSH_KEY_PASSPHRASE)`
      case "no-keys":
        return `${what}: there is no key to log in with.\nList the agent's keys: ssh-add -l; or create a key: ssh-keygen`
      case "refused":
        return this.hungUp && this.offered !== 1
          ? `${what}: it closed the connection, as sshd does after a few wrong keys${this.offered === undefined ? "" : ` (you have ${this.offered})`}.\nName the right one in ~/.ssh/config: IdentityFile PATH, and IdentitiesOnly yes`
          : `${what}: ${declined(this.offered)}.\nPut your public key there (ssh-copy-id), or see what ssh says: ${sshCommand(this.destination, "-v")}`
    }
  }
}

/** A key file that cannot be used as it is. Like ssh, tako passes over a private key that others can read. */
export interface PassedOver {
  readonly path: string
  /** "nameless": encrypted, in a format that hides the public part. */
  readonly why: "exposed" | "unreadable" | "nameless"
}

const declined = (offered: number | undefined): string => {
  if (offered === undefined) return "it accepted none of your keys"
  return offered === 1 ? "it did not accept your key" : `it accepted none of your ${offered} keys`
}
