import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import type { Environments } from "../../domain/secrets-file/environments.ts"
import { KeySource } from "../../services/key-source/key-source.ts"
import { requireWhole } from "./placement.ts"
import { findEnvironment, findSecret, retryIfRotated } from "./read.ts"
import { requireAll } from "./required.ts"

/**
 * All values of an environment. Fails if one does not open or is misplaced. An environment without values needs no key, and
 * a missing `wanted` name is reported before a key is asked for; with `ask: false` nothing is asked.
 */
export const openEnvironment = Effect.fn("openEnvironment")(function* (
  name: EnvironmentName,
  wanted: ReadonlyArray<SecretName> = [],
  options: { readonly ask: boolean } = { ask: true }
) {
  return yield* retryIfRotated(name, (environments) => openIn(environments, name, wanted, options))
})

/** The same for a program or a server, which get nothing while a secret that tako.toml requires is missing. */
export const openComplete = Effect.fn("openComplete")(function* (
  name: EnvironmentName,
  options?: { readonly ask: boolean }
) {
  return yield* retryIfRotated(name, (environments) => openCompleteIn(environments, name, options))
})

/** The same for a file that was read before. */
export const openCompleteIn = Effect.fn("openCompleteIn")(function* (
  environments: Environments,
  name: EnvironmentName,
  options?: { readonly ask: boolean }
) {
  yield* requireAll(name, yield* findEnvironment(environments, name))
  return yield* openIn(environments, name, [], options)
})

const openIn = Effect.fn("openIn")(function* (
  environments: Environments,
  name: EnvironmentName,
  wanted: ReadonlyArray<SecretName> = [],
  options: { readonly ask: boolean } = { ask: true }
) {
  const keys = yield* KeySource
  const environment = yield* findEnvironment(environments, name)
  for (const secret of wanted) yield* findSecret(environment, { environment: name, secret })
  const values = new Map<SecretName, Redacted.Redacted<string>>()
  if (environment.secrets.size === 0) return values
  yield* Effect.scoped(
    Effect.gen(function* () {
      const unlocked = yield* keys.unlock(name, environment, options)
      yield* requireWhole(name, environments, environment, unlocked)
      for (const [secret, opened] of unlocked.opened) values.set(secret, opened.value)
    })
  )
  return values
})
