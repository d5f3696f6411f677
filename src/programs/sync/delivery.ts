import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import { type AppName, isAppName } from "../../domain/app/app-name.ts"
import type { Revision } from "../../domain/app/release.ts"
import type { Difference, SecretSet } from "../../domain/app/secret-set.ts"
import type { KeyDiffers } from "../../domain/errors/rollout.ts"
import { type Interrupted, InvalidName } from "../../domain/errors/user.ts"
import type { KeyId } from "../../domain/key.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { Target } from "../../domain/server/target.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { KeyPins } from "../../services/key-pins/key-pins.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import type { ServerError } from "../client/client.ts"
import { openCompleteIn } from "../environment/open.ts"
import { findEnvironment } from "../environment/read.ts"

/** The secrets of one environment, opened, and the key that opened them. */
export interface Parcel {
  readonly environment: EnvironmentName
  readonly app: AppName
  readonly secrets: SecretSet
  readonly keyId: KeyId
  /** Keys that were the environment's before: a server that still knows one of these has not been synced since. */
  readonly previousKeyIds: ReadonlyArray<KeyId>
}

/** One environment's secrets for one server. */
export interface Delivery {
  readonly parcel: Parcel
  readonly target: Target
}

/** How far a delivery has come. From `Sending` on the server goes on also without us. */
export type Stage =
  | { readonly _tag: "Waiting" }
  | { readonly _tag: "Connecting" }
  | { readonly _tag: "Checking" }
  | { readonly _tag: "Sending" }
  /** So many of its new instances are ready. */
  | { readonly _tag: "Rolling"; readonly ready: number; readonly instances: number }
  /** The new ones serve, and the old ones end. */
  | { readonly _tag: "Draining" }

/** What a server has now; `unproven`: nothing was running that could have proved it. `planned`: a dry run. */
export interface Delivered extends Difference {
  readonly state: "updated" | "unproven" | "unchanged" | "planned"
  readonly revision: Revision
  /** Instances that were replaced. */
  readonly instances: number
}

export type DeliveryError = Exclude<ServerError, Interrupted> | KeyDiffers

/** What a server would lose, to be agreed to. */
export interface Removal {
  readonly delivery: Delivery
  /** All that would change there. */
  readonly plan: Delivered
  /** Those that nobody has agreed to yet. */
  readonly removed: ReadonlyArray<SecretName>
}

export interface Result {
  readonly delivery: Delivery
  readonly outcome: Either.Either<Delivered, DeliveryError>
}

/** What is told while it goes on, and asked. */
export interface Conversation<E, R> {
  readonly tell: (delivery: Delivery, stage: Stage) => Effect.Effect<void>
  readonly ended: (result: Result) => Effect.Effect<void>
  /** Whether servers may lose secrets that the environment has no more; asked at most once, before anything is sent. */
  readonly consent: (removals: ReadonlyArray<Removal>) => Effect.Effect<boolean, E, R>
}

export type Listener = Pick<Conversation<never, never>, "tell" | "ended">

/** Opens all of these environments, as one reading of the file has them: one value that does not open fails all. */
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

/** Servers take no environment of more than 63 characters, as the original may have written it. */
export const appOf = (project: string, environment: EnvironmentName): Effect.Effect<AppName, InvalidName> => {
  const app = `${project}/${environment}`
  return isAppName(app) ? Effect.succeed(app) : new InvalidName({ kind: "environment" })
}
