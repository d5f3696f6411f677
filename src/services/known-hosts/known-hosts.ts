import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { HostIdentity, Verdict } from "../../domain/ssh/host-identity.ts"

/** What the files say about one host. */
export interface Known {
  /** Judges a public key in wire format (RFC 4253, 6.6) as OpenSSH does; where OpenSSH asks a person, it is refused. */
  readonly judge: (key: Uint8Array) => Verdict
  /** The types of key that it is known by, such as ssh-ed25519; negotiation should prefer them. */
  readonly types: ReadonlyArray<string>
  /** Whether an authority's certificates are accepted for it (`@cert-authority`). */
  readonly byAuthority: boolean
}

/** The host keys that this user has accepted, in ssh's own files. */
export class KnownHosts extends Context.Tag("tako/KnownHosts")<
  KnownHosts,
  {
    readonly of: (host: HostIdentity) => Effect.Effect<Known, FileFailed>
    /** Adds the key to the first of the host's files, as ssh does once it is accepted. */
    readonly add: (host: HostIdentity, key: Uint8Array) => Effect.Effect<void, FileFailed>
  }
>() {}
