import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { AppName } from "../../domain/app/app-name.ts"
import type { Revision } from "../../domain/app/release.ts"
import type { SecretSet } from "../../domain/app/secret-set.ts"

/** What a sealed set of secrets is bound to: it does not open in another place. */
export interface RevisionPlace {
  readonly app: AppName
  readonly revision: Revision
}

/** The key of a server, 32 bytes, which protects the secrets of all its apps. */
export class ServerKey extends Context.Tag("tako/ServerKey")<
  ServerKey,
  {
    /** The source: systemd's credentials, a file on the same disk (which only protects backups), or memory. */
    readonly origin: "credential" | "key-file" | "memory"
    /** AES-256-GCM: nonce (12 bytes), ciphertext, tag (16 bytes); the place is authenticated. */
    readonly seal: (place: RevisionPlace, secrets: SecretSet) => Effect.Effect<Uint8Array>
    /** None for anything that this key has not sealed for this place. */
    readonly open: (place: RevisionPlace, sealed: Uint8Array) => Effect.Effect<Option.Option<SecretSet>>
    /** HMAC-SHA256 over the app and its secrets, 64 hex digits, under a derived key, so that nobody can test guesses against it. */
    readonly hash: (app: AppName, secrets: SecretSet) => Effect.Effect<string>
  }
>() {}
