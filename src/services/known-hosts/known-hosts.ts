import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FileFailed } from "../../domain/errors/files.ts"
import type { HostIdentity, Verdict } from "../../domain/ssh/host-identity.ts"

/** What the files say of one host. */
export interface Known {
  /** Of a public key as the host presents it (RFC 4253, 6.6): as OpenSSH decides it, and stricter where it asks. */
  readonly judge: (key: Uint8Array) => Verdict
  /** The types of the keys that it is known by, such as ssh-ed25519; those it is to be asked for first. */
  readonly types: ReadonlyArray<string>
  /** Whether certificates of an authority are good for it (`@cert-authority`). */
  readonly byAuthority: boolean
}

/** The keys by which this user knows hosts, in the files that ssh itself uses. */
export class KnownHosts extends Context.Tag("tako/KnownHosts")<
  KnownHosts,
  {
    readonly of: (host: HostIdentity) => Effect.Effect<Known, FileFailed>
    /** Remembers the key in the first of the host's files, as ssh does after a yes. */
    readonly add: (host: HostIdentity, key: Uint8Array) => Effect.Effect<void, FileFailed>
  }
>() {}
