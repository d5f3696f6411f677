import * as Effect from "effect/Effect"
import type { KeySourceName } from "../../domain/errors/keys.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import { type Environments, environmentNames } from "../../domain/secrets-file/environments.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { KeySource } from "../../services/key-source/key-source.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { findEnvironment } from "../environment/find.ts"
import { type Placement, placements } from "../environment/placement.ts"

/** What `verify` found in one environment. */
export type Verdict =
  | { readonly _tag: "Empty" }
  | { readonly _tag: "NoKey" }
  | { readonly _tag: "Replaced" }
  | {
      readonly _tag: "Opened"
      readonly source: KeySourceName
      /** Whether its values must be bound to their places. */
      readonly marked: boolean
      readonly placements: ReadonlyMap<SecretName, Placement>
    }

/** Opens whatever the keys at hand open, or, with `ask`, also a prompt, and says of every value where it stands. */
export const verify = Effect.fn("verify")(function* (
  only: ReadonlyArray<EnvironmentName>,
  { ask }: { readonly ask: boolean }
) {
  const file = yield* SecretsFile
  const environments = yield* file.read
  const names = only.length === 0 ? environmentNames(environments) : only
  const verdicts = new Map<EnvironmentName, Verdict>()
  for (const name of names) verdicts.set(name, yield* verdictOn(name, environments, ask))
  return verdicts
})

const verdictOn = Effect.fnUntraced(function* (
  name: EnvironmentName,
  environments: Environments,
  ask: boolean
) {
  const keys = yield* KeySource
  const cipher = yield* Cipher
  const environment = yield* findEnvironment(environments, name)
  if (environment.secrets.size === 0) return { _tag: "Empty" } satisfies Verdict
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const unlocked = yield* keys.unlock(name, environment, { ask })
      return {
        _tag: "Opened",
        source: unlocked.source,
        marked: cipher.isMarked(environment.salt),
        placements: yield* placements(name, environments, environment, unlocked)
      } satisfies Verdict
    })
  ).pipe(
    Effect.catchTags({
      NoKeyFits: () => Effect.succeed({ _tag: "NoKey" } satisfies Verdict),
      KeyNotTrusted: () => Effect.succeed({ _tag: "NoKey" } satisfies Verdict),
      EnvironmentReplaced: () => Effect.succeed({ _tag: "Replaced" } satisfies Verdict)
    })
  )
})
