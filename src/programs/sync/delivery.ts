import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type { AppName } from "../../domain/app/app-name.ts"
import type { Revision } from "../../domain/app/release.ts"
import type { Difference, SecretSet } from "../../domain/app/secret-set.ts"
import type { KeyDiffers } from "../../domain/errors/rollout.ts"
import type { KeyId } from "../../domain/key.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { Target } from "../../domain/target.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { KeyPins } from "../../services/key-pins/key-pins.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { appOf } from "../apps/app.ts"
import type { Failure } from "../client/client.ts"
import { openCompleteIn } from "../environment/open.ts"
import { findEnvironment } from "../environment/read.ts"

/** The decrypted secrets of one environment, and the key that decrypted them. */
export interface Parcel {
  readonly environment: EnvironmentName
  readonly app: AppName
  readonly secrets: SecretSet
  readonly keyId: KeyId
  /** Earlier keys of the environment: a server that knows the app by one of them has not been synced since. */
  readonly previousKeyIds: ReadonlyArray<KeyId>
}

/** Decrypts all of these environments from one reading of the file. A single value that does not open fails all of them. */
export const openParcels = Effect.fn("sync.openParcels")(function* (
  project: string,
  environments: ReadonlyArray<EnvironmentName>,
  previousKeyIds: ReadonlyArray<KeyId> = []
) {
  const file = yield* SecretsFile
  const cipher = yield* Cipher
  const pins = yield* KeyPins
  const read = yield* file.read
  return yield* Effect.forEach(environments, (environment) =>
    Effect.gen(function* () {
      const { salt } = yield* findEnvironment(read, environment)
      return {
        environment,
        app: yield* appOf(project, environment),
        secrets: yield* openCompleteIn(read, environment),
        keyId: cipher.keyIdOf(salt),
        previousKeyIds: [...(yield* pins.retired(environment)), ...previousKeyIds]
      } satisfies Parcel as Parcel
    })
  )
})

/** One environment's secrets for one server. */
export interface Delivery {
  readonly parcel: Parcel
  readonly target: Target
}

/** How far a delivery has come. From `Sending` on the server finishes it even without us. */
export type Stage =
  | { readonly _tag: "Waiting" }
  | { readonly _tag: "Connecting" }
  | { readonly _tag: "Checking" }
  | { readonly _tag: "Sending" }
  /** New instances have started; this many are ready. */
  | { readonly _tag: "Rolling"; readonly ready: number; readonly instances: number }
  /** The new instances serve requests, and the old ones are ending. */
  | { readonly _tag: "Draining" }

/** What a server has now. `unproven`: no instance was running that could have proved it. `planned`: a dry run. */
export interface Delivered extends Difference {
  readonly state: "updated" | "unproven" | "unchanged" | "planned"
  readonly revision: Revision
  /** How many instances were replaced. */
  readonly instances: number
}

export type DeliveryError = Failure | KeyDiffers

export interface Result {
  readonly delivery: Delivery
  readonly outcome: Either.Either<Delivered, DeliveryError>
}

/** What a server would lose, which somebody has to agree to. */
export interface Removal {
  readonly delivery: Delivery
  /** Everything that would change on that server. */
  readonly plan: Delivered
  /** The removals that nobody has agreed to yet. */
  readonly removed: ReadonlyArray<SecretName>
}

/** Observes deliveries. */
export interface Listener {
  readonly onStage: (delivery: Delivery, stage: Stage) => Effect.Effect<void>
  readonly onResult: (result: Result) => Effect.Effect<void>
}

/** Observes deliveries and decides about removals. */
export interface Conversation<E, R> extends Listener {
  /** Whether servers may lose secrets that the environment no longer has. Called at most once, before anything is sent. */
  readonly consent: (removals: ReadonlyArray<Removal>) => Effect.Effect<boolean, E, R>
}
