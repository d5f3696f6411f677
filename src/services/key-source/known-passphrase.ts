import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Attempt, NoKeyFits } from "../../domain/errors/keys.ts"
import type { EnvironmentName } from "../../domain/names.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import { tryPassphraseVariables, tryPrompt } from "./attempts.ts"

/** See KeySource: the passphrase itself, tried on the values. */
export const knownPassphrase = Effect.fn("KeySource.passphrase")(function* (
  name: EnvironmentName,
  environment: Environment
) {
  const attempts: Array<Attempt> = []
  const given = yield* tryPassphraseVariables(environment, attempts)
  if (Option.isSome(given)) return given.value
  const typed = yield* tryPrompt(name, environment, attempts)
  if (Option.isSome(typed)) return typed.value
  return yield* new NoKeyFits({ environment: name, attempts, wanted: "passphrase" })
})
