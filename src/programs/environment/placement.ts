import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { SecretMisplaced, SecretsDamaged } from "../../domain/errors/secrets.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { SealedValue } from "../../domain/sealed-value.ts"
import { type Environment, type Environments, secretNames } from "../../domain/secrets-file/environments.ts"
import { Cipher, type Opened, type Opening, type Place } from "../../services/cipher/cipher.ts"
import { KeySource } from "../../services/key-source/key-source.ts"

/**
 * How a value fits its place. "Unbound" is fine in an unmarked environment. "Damaged" opens with no key at hand.
 */
export type Placement =
  | { readonly _tag: "Bound" }
  | { readonly _tag: "Unbound" }
  | { readonly _tag: "Moved"; readonly origin: Place }
  | { readonly _tag: "UnknownOrigin" }
  | { readonly _tag: "Damaged" }

/** Checks every value. Other names and environments are only searched for the origin of a misplaced one. */
export const placements = Effect.fn("placements")(function* (
  name: EnvironmentName,
  environments: Environments,
  environment: Environment,
  opening: Pick<Opening, "opened">
) {
  const cipher = yield* Cipher
  const marked = cipher.isMarked(environment.salt)
  const result = new Map<SecretName, Placement>()
  for (const [secret, sealed] of environment.secrets) {
    const place = { environment: name, secret }
    const opened = opening.opened.get(secret)
    if (opened?.boundTo(place)) result.set(secret, { _tag: "Bound" })
    else if (opened !== undefined && !marked) result.set(secret, { _tag: "Unbound" })
    else if (opened !== undefined) {
      const origin = originAmong(opened, name, environments)
      result.set(
        secret,
        Option.match(origin, {
          onNone: () => ({ _tag: "UnknownOrigin" }),
          onSome: (origin) => ({ _tag: "Moved", origin })
        })
      )
    } else {
      const origin = yield* originElsewhere(sealed, name, environments)
      result.set(
        secret,
        Option.match(origin, {
          onNone: () => ({ _tag: "Damaged" }),
          onSome: (origin) => ({ _tag: "Moved", origin })
        })
      )
    }
  }
  return result
})

/** Fails unless every value, except those that will be replaced, opens and is in its place. */
export const requireWhole = Effect.fn("requireWhole")(function* (
  name: EnvironmentName,
  environments: Environments,
  environment: Environment,
  opening: Opening,
  replaced: ReadonlyArray<SecretName> = []
) {
  const damaged: Array<SecretName> = []
  for (const [secret, placement] of yield* placements(name, environments, environment, opening)) {
    if (replaced.includes(secret)) continue
    switch (placement._tag) {
      case "Moved":
        return yield* new SecretMisplaced({
          environment: name,
          secret,
          reason: "moved",
          origin: placement.origin
        })
      case "UnknownOrigin":
        return yield* new SecretMisplaced({ environment: name, secret, reason: "unknown-origin" })
      case "Damaged":
        damaged.push(secret)
    }
  }
  if (damaged.length > 0) {
    return yield* new SecretsDamaged({ environment: name, secrets: damaged, opened: opening.opened.size })
  }
})

const originAmong = (
  opened: Opened,
  environment: EnvironmentName,
  environments: Environments
): Option.Option<Place> => {
  const secret = secretNames(environments).find((secret) => opened.boundTo({ environment, secret }))
  return secret === undefined ? Option.none() : Option.some({ environment, secret })
}

/** Tries the other environments' keys that are available without asking. */
const originElsewhere = Effect.fnUntraced(function* (
  sealed: SealedValue,
  name: EnvironmentName,
  environments: Environments
) {
  const cipher = yield* Cipher
  const keys = yield* KeySource
  for (const [other, environment] of environments) {
    if (other === name || environment.secrets.size === 0) continue
    const origin = yield* Effect.scoped(
      Effect.gen(function* () {
        const unlocked = yield* Effect.option(keys.unlock(other, environment, { ask: false }))
        if (Option.isNone(unlocked)) return Option.none<Place>()
        const opened = yield* cipher.open(unlocked.value.key, sealed)
        return Option.flatMap(opened, (opened) => originAmong(opened, other, environments))
      })
    )
    if (Option.isSome(origin)) return origin
  }
  return Option.none<Place>()
})
