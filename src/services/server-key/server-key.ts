import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import type { Revision } from "../../domain/app/release.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"

/** What a sealed set of secrets is bound to: moved to another place, it does not open. */
export interface RevisionPlace {
  readonly app: AppName
  readonly revision: Revision
}

/** The key of a server, 32 bytes, under which the secrets of all its apps are kept. */
export class ServerKey extends Context.Tag("tako/ServerKey")<
  ServerKey,
  {
    /** Where it is from: systemd's credentials, a file on the same disk (which protects backups), or memory. */
    readonly origin: "credential" | "key-file" | "memory"
    /** AES-256-GCM: nonce (12 bytes), ciphertext, tag (16 bytes); the place is authenticated with it. */
    readonly seal: (place: RevisionPlace, secrets: SecretSet) => Effect.Effect<Uint8Array>
    /** None for anything but what this key has sealed for this place. */
    readonly open: (place: RevisionPlace, sealed: Uint8Array) => Effect.Effect<Option.Option<SecretSet>>
    /** HMAC-SHA256 over the app and its secrets, 64 hex digits, under a key of its own: nobody can try values on it. */
    readonly hash: (app: AppName, secrets: SecretSet) => Effect.Effect<string>
  }
>() {}
