import * as Effect from "effect/Effect"
import { type AppName, isAppName } from "../../domain/app/app-name.ts"
import { InvalidName } from "../../domain/errors/user.ts"
import type { KeyId } from "../../domain/key.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import { KeyCache } from "../../services/key-cache/key-cache.ts"
import { KeyPins } from "../../services/key-pins/key-pins.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { openCompleteIn } from "../environment/open.ts"
import { findEnvironment } from "../environment/read.ts"
import type { Parcel } from "./delivery.ts"

/** Opens all of these environments, as one reading of the file has them: one value that does not open fails all. */
export const openParcels = Effect.fn("sync.openParcels")(function* (
  project: string,
  environments: ReadonlyArray<EnvironmentName>,
  previousKeyIds: ReadonlyArray<KeyId> = []
) {
  const file = yield* SecretsFile
  const cache = yield* KeyCache
  const pins = yield* KeyPins
  const read = yield* file.read
  return yield* Effect.forEach(environments, (environment) =>
    Effect.gen(function* () {
      const { salt } = yield* findEnvironment(read, environment)
      return {
        environment,
        app: yield* appOf(project, environment),
        secrets: yield* openCompleteIn(read, environment),
        keyId: cache.idOf(salt),
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
