import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type AppName, partsOf } from "../../domain/app/app-name.ts"
import type { SecretName } from "../../domain/names.ts"
import type { SecretsState } from "../../domain/protocol/replies.ts"
import { keyIdOf } from "../../services/key-cache/key-id.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { projectOf } from "./targets.ts"

/** How what a server has of an app differs from the project's file, as far as that shows without a key. */
export interface Drift {
  /** Sorted: what the file has and the server has not, and the other way round. */
  readonly missing: ReadonlyArray<SecretName>
  readonly surplus: ReadonlyArray<SecretName>
  /** The server knows the app by another key than the one that the environment has now. */
  readonly anotherKey: boolean
  /** When it was synced last, and by whom as that one said; null where it never was. */
  readonly since: string | null
  readonly by: string | null
}

/**
 * Compares with the file of this project; none for apps of other projects, where there is no such environment, and where
 * nothing differs. That a value was changed shows only in a sync.
 */
export const driftTeller = Effect.gen(function* () {
  const { read } = yield* SecretsFile
  const project = yield* projectOf
  // How apps are can be told also where the file is damaged; other commands say what is wrong with it.
  const file = yield* Effect.option(read)
  return (app: AppName, state: SecretsState): Option.Option<Drift> => {
    const parts = partsOf(app)
    if (Option.isNone(file) || parts.project !== project) return Option.none()
    const environment = file.value.get(parts.environment)
    if (environment === undefined) return Option.none()
    const there = new Set(state.names)
    const drift: Drift = {
      missing: [...environment.secrets.keys()].filter((name) => !there.has(name)).sort(),
      surplus: [...there].filter((name) => !environment.secrets.has(name)).sort(),
      anotherKey: state.key_id !== null && state.key_id !== keyIdOf(environment.salt),
      since: state.updated_at,
      by: state.by
    }
    return drift.missing.length + drift.surplus.length > 0 || drift.anotherKey
      ? Option.some(drift)
      : Option.none()
  }
})
