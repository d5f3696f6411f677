import * as Data from "effect/Data"
import { type Destination, sshCommand } from "../server-registry/destination.ts"
import { type HostIdentity, isForgotten } from "../ssh/host-identity.ts"

/** A host's key is not the one that this user knows it by, so nothing was sent to it. Exit 5. */
export class HostKeyRefused extends Data.TaggedError("HostKeyRefused")<{
  readonly server: string
  /** How the server is reached, as its entry says; the way there leads by the host. */
  readonly asked: Destination
  readonly reason: "unknown" | "changed" | "revoked"
  /** The host that it is about: the server's, or one on the way there. */
  readonly identity: HostIdentity
  /** What it presented; OpenSSH's client does not hand it on. */
  readonly key?: HostKey
}> {
  override get message(): string {
    const { name, files } = this.identity
    const shown = this.key === undefined ? "" : ` (${this.key.type} ${this.key.fingerprint})`
    const host = name === this.server ? name : `${name}, for server ${this.server},`
    switch (this.reason) {
      case "unknown":
        return isForgotten(this.identity)
          ? `The host key of ${host} is not known${shown}, and would not be remembered. Nothing was sent.\nGive it a file in your ssh configuration: UserKnownHostsFile ~/.ssh/known_hosts`
          : `The host key of ${host} is not known${shown}. Nothing was sent.\nCompare it with the one that the host itself tells, then accept it once: ${sshCommand(this.asked)}`
      case "changed":
        return `The host key of ${host} has changed${shown}: somebody may be in between. Nothing was sent.\nIf it was set up anew: ssh-keygen ${fileOption(files)}-R '${name}', then accept its new key: ${sshCommand(this.asked)}`
      case "revoked":
        return `The host key of ${host} is revoked in known_hosts${shown}. Nothing was sent.\nGive the host another key.`
    }
  }
}

/** A public key that a host presented. */
export interface HostKey {
  /** Such as ssh-ed25519. */
  readonly type: string
  /** `SHA256:` and the hash in base64 without padding, as ssh shows it. */
  readonly fingerprint: string
  /** In the form of the wire (RFC 4253, 6.6). */
  readonly blob: Uint8Array
}

/** ssh-keygen takes a user's usual file where it is told none. */
const fileOption = ([file]: ReadonlyArray<string>): string =>
  file === undefined || file.endsWith("/.ssh/known_hosts") ? "" : `-f ${file} `

/** A host did not let this user log in, or there is nothing to log in with. Exit 5. */
export class LoginRefused extends Data.TaggedError("LoginRefused")<{
  readonly server: string
  /** How the server is reached, as its entry says. */
  readonly asked: Destination
  /** As in la.example. */
  readonly host: string
  readonly user: string
  /** "locked": the host takes a key whose passphrase was not to be had, or was wrong. */
  readonly reason: "refused" | "no-keys" | "locked"
  /** How many keys it was offered, when that is known. */
  readonly offered?: number
  /** It ended the connection, as sshd does after a few wrong keys (MaxAuthTries). */
  readonly hungUp?: boolean
  /** The file of the locked key. */
  readonly file?: string
  /** A key that is there and was not offered. */
  readonly passedOver?: PassedOver
}> {
  override get message(): string {
    const what = `Server ${this.server} did not let ${this.user} log in at ${this.host}`
    if (this.passedOver !== undefined && this.reason !== "locked") {
      const { path, why } = this.passedOver
      const others = this.reason === "no-keys" ? "" : ` (it took ${none(this.offered)})`
      switch (why) {
        case "exposed":
          return `${what}: ${path} was passed over, because others can read it${others}.\nMake it yours alone: chmod 600 ${path}`
        case "nameless":
          return `${what}: ${path} is encrypted, and which key it is stands only in ${path}.pub, which is not there${others}.\nMake that: ssh-keygen -y -f ${path} > ${path}.pub`
        case "unreadable":
          return `${what}: ${path} holds no key that can be read${others}.\nSee what is wrong with it: ssh-keygen -y -f ${path}`
      }
    }
    switch (this.reason) {
      case "locked":
        return `${what}: the passphrase of ${this.file} was not given, or is wrong.\nUnlock it for the agent: ssh-add ${this.file} (in CI: TAKO_SSH_KEY_PASSPHRASE)`
      case "no-keys":
        return `${what}: there is no key to log in with.\nSee what the agent has: ssh-add -l; or make a key: ssh-keygen`
      case "refused":
        return this.hungUp && this.offered !== 1
          ? `${what}: it hung up, as sshd does after a few wrong keys${this.offered === undefined ? "" : `; there are ${this.offered}`}.\nName the right one for it in ~/.ssh/config: IdentityFile PATH, and IdentitiesOnly yes`
          : `${what}: it took ${none(this.offered)}.\nPut your public key there (ssh-copy-id), or see what ssh says: ${sshCommand(this.asked, "-v")}`
    }
  }
}

/** The file of a key that is of no use as it is; as ssh does, one that others can read is passed over. */
export interface PassedOver {
  readonly path: string
  /** "nameless": an encrypted one in a format that does not tell the public part. */
  readonly why: "exposed" | "unreadable" | "nameless"
}

const none = (offered: number | undefined): string => {
  if (offered === undefined) return "none of the keys that there are"
  return offered === 1 ? "none of 1 key" : `none of ${offered} keys`
}
