import * as Data from "effect/Data"
import type { HostIdentity } from "../ssh/host-identity.ts"

/** A host's key is not the one that this user knows it by, so nothing was sent to it. Exit 5. */
export class HostKeyRefused extends Data.TaggedError("HostKeyRefused")<{
  readonly server: string
  readonly reason: "unknown" | "changed" | "revoked"
  /** The host that it is about: the server's, or one on the way there. */
  readonly identity: HostIdentity
  /** What it presented; OpenSSH's client does not hand it on. */
  readonly key?: HostKey
}> {
  override get message(): string {
    const { name } = this.identity
    const shown = this.key === undefined ? "" : ` (${this.key.type} ${this.key.fingerprint})`
    const host = name === this.server ? name : `${name}, for server ${this.server},`
    switch (this.reason) {
      case "unknown":
        return `The host key of ${host} is not known${shown}. Nothing was sent.\nCompare it with the one that the host itself tells, then accept it once: ${sshTo(name)}`
      case "changed":
        return `The host key of ${host} has changed${shown}: somebody may be in between. Nothing was sent.\nIf it was set up anew: ssh-keygen -R '${name}', then accept its new key: ${sshTo(name)}`
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

const sshTo = (name: string): string => {
  const [, host, port] = /^\[(.*)\]:(\d+)$/.exec(name) ?? []
  return host === undefined ? `ssh ${name}` : `ssh -p ${port} ${host}`
}

/** A host did not let this user log in, or there is nothing to log in with. Exit 5. */
export class LoginRefused extends Data.TaggedError("LoginRefused")<{
  readonly server: string
  /** As in la.example. */
  readonly host: string
  readonly user: string
  /** "locked": the host takes a key whose passphrase was not to be had, or was wrong. */
  readonly reason: "refused" | "no-keys" | "locked"
  /** How many keys it was offered, when that is known. */
  readonly offered?: number
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
      return why === "exposed"
        ? `${what}: ${path} was passed over, because others can read it${others}.\nMake it yours alone: chmod 600 ${path}`
        : `${what}: ${path} holds no key that can be read${others}.\nSee what is wrong with it: ssh-keygen -y -f ${path}`
    }
    switch (this.reason) {
      case "locked":
        return `${what}: the passphrase of ${this.file} was not given, or is wrong.\nUnlock it for the agent: ssh-add ${this.file} (in CI: TAKO_SSH_KEY_PASSPHRASE)`
      case "no-keys":
        return `${what}: there is no key to log in with.\nSee what the agent has: ssh-add -l; or make a key: ssh-keygen`
      case "refused":
        return `${what}: it took ${none(this.offered)}.\nPut your public key there (ssh-copy-id), or see what ssh says: ssh -v ${this.user}@${this.host}`
    }
  }
}

/** The file of a key that is of no use as it is; as ssh does, one that others can read is passed over. */
export interface PassedOver {
  readonly path: string
  readonly why: "exposed" | "unreadable"
}

const none = (offered: number | undefined): string => {
  if (offered === undefined) return "none of the keys that there are"
  return offered === 1 ? "none of 1 key" : `none of ${offered} keys`
}
