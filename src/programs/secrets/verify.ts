import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  type Attempt,
  EnvironmentDowngraded,
  type EnvironmentUnbound,
  type KeySourceName,
  type NoKeyFits
} from "../../domain/errors/keys.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import {
  type Environment,
  type Environments,
  environmentNames
} from "../../domain/secrets-file/environments.ts"
import { Cipher } from "../../services/cipher/cipher.ts"
import { KeySource } from "../../services/key-source/key-source.ts"
import { Project } from "../../services/project/project.ts"
import { SecretsFile } from "../../services/secrets-file/secrets-file.ts"
import { type Placement, placements } from "../environment/placement.ts"
import { findEnvironment } from "../environment/read.ts"
import { missingIn } from "../environment/required.ts"
import { pastOf } from "../key/admission.ts"

/** What `verify` found in one environment; `missing` are the names that it lacks and tako.toml requires. */
export type Verdict = Opening & { readonly missing: ReadonlyArray<SecretName> }

type Opening =
  | { readonly _tag: "Empty" }
  /** The variables that were tried, and why the cache could not be. */
  | { readonly _tag: "NoKey"; readonly tried: ReadonlyArray<Attempt> }
  /** A key of this machine fits, but belongs to other projects. */
  | { readonly _tag: "NotTrusted"; readonly origins: ReadonlyArray<string> }
  | { readonly _tag: "Replaced" }
  /** It does not bind its values, and nobody has agreed to that here. */
  | { readonly _tag: "Unbound"; readonly refusal: EnvironmentUnbound }
  /** It does not bind its values any more. */
  | { readonly _tag: "Downgraded"; readonly refusal: EnvironmentDowngraded }
  | {
      readonly _tag: "Opened"
      readonly source: KeySourceName
      /** Whether its values must be bound to their places. */
      readonly marked: boolean
      readonly placements: ReadonlyMap<SecretName, Placement>
    }

/** Opens what the keys at hand, and with `ask` a prompt, open, and says of each value whether it is in its place. */
export const verify = Effect.fn("verify")(function* (
  only: ReadonlyArray<EnvironmentName>,
  { ask }: { readonly ask: boolean }
) {
  const file = yield* SecretsFile
  const environments = yield* file.read
  const expected = yield* (yield* Project).expected
  const names = only.length === 0 ? environmentNames(environments) : only
  const verdicts = new Map<EnvironmentName, Verdict>()
  for (const name of names) {
    const environment = yield* findEnvironment(environments, name)
    const opening = yield* openingOf(name, environments, environment, ask)
    verdicts.set(name, { ...opening, missing: missingIn(environment, expected) })
  }
  return verdicts
})

const openingOf = Effect.fnUntraced(function* (
  name: EnvironmentName,
  environments: Environments,
  environment: Environment,
  ask: boolean
) {
  const keys = yield* KeySource
  const cipher = yield* Cipher
  if (environment.secrets.size === 0) return { _tag: "Empty" } satisfies Opening
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const unlocked = yield* keys.unlock(name, environment, { ask })
      if (!cipher.isMarked(environment.salt)) yield* requireUnboundPast(name)
      return {
        _tag: "Opened",
        source: unlocked.source,
        marked: cipher.isMarked(environment.salt),
        placements: yield* placements(name, environments, environment, unlocked)
      } satisfies Opening
    })
  ).pipe(
    Effect.catchTags({
      NoKeyFits: (error) => withoutKey(error, environments, environment),
      KeyNotTrusted: ({ origins }) => Effect.succeed({ _tag: "NotTrusted", origins } satisfies Opening),
      EnvironmentReplaced: () => Effect.succeed({ _tag: "Replaced" } satisfies Opening)
    }),
    Effect.catchTag("EnvironmentUnbound", (refusal) =>
      Effect.as(requireUnboundPast(name), { _tag: "Unbound", refusal } satisfies Opening)
    ),
    Effect.catchTag("EnvironmentDowngraded", (refusal) =>
      Effect.succeed({ _tag: "Downgraded", refusal } satisfies Opening)
    )
  )
})

/** What somebody agreed to, on another machine perhaps, must not hide that the environment was bound. */
const requireUnboundPast = Effect.fnUntraced(function* (name: EnvironmentName) {
  const { boundIn } = yield* pastOf(name)
  if (Option.isSome(boundIn)) {
    return yield* new EnvironmentDowngraded({ environment: name, boundIn: boundIn.value })
  }
})

/** A cached key is only tried where it is pinned to this salt, so if it opens nothing, the values are at fault. */
const withoutKey = Effect.fnUntraced(function* (
  { environment: name, attempts }: NoKeyFits,
  environments: Environments,
  environment: Environment
) {
  const isPinned = attempts.some(({ source, outcome }) => source === "cache" && outcome === "opens-nothing")
  if (!isPinned) {
    const tried = attempts.filter(
      ({ source, outcome }) => source.startsWith("TAKO_") || outcome === "out-of-reach"
    )
    return { _tag: "NoKey", tried } satisfies Opening
  }
  const cipher = yield* Cipher
  return {
    _tag: "Opened",
    source: "cache",
    marked: cipher.isMarked(environment.salt),
    placements: yield* placements(name as EnvironmentName, environments, environment, { opened: new Map() })
  } satisfies Opening
})
