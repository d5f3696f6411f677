import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { SecretsFileChanged } from "../../domain/errors/secrets-file.ts"
import { Declined } from "../../domain/errors/user.ts"
import type { EnvironmentName, SecretName } from "../../domain/names.ts"
import { checkValue } from "../../domain/sealed-value.ts"
import type { Environment } from "../../domain/secrets-file/environments.ts"
import { retryIfRotated } from "../environment/read.ts"
import { type PutOutcome, put, writeEnvironment, writingKey } from "../environment/write.ts"

/** The values to set, by name. */
export type Values = ReadonlyMap<SecretName, Redacted.Redacted<string>>

/**
 * Seals all values and writes them at once. If that replaces others, `consent` is asked first with their names. A value
 * that somebody else sets meanwhile is not replaced (SecretsFileChanged).
 */
export const importSecrets = Effect.fn("importSecrets")(function* <E, R>(
  environment: EnvironmentName,
  values: Values,
  consent: (replaced: ReadonlyArray<SecretName>) => Effect.Effect<boolean, E, R>
) {
  return yield* Effect.scoped(
    Effect.gen(function* () {
      for (const value of values.values()) yield* checkValue(value, { allowEmpty: false })
      const writing = yield* retryIfRotated(environment, (environments) =>
        writingKey(environment, environments, [...values.keys()])
      )
      const putAll = (into: Environment) =>
        Effect.reduce(values, { environment: into, outcomes: noOutcomes }, (done, [secret, value]) =>
          Effect.map(
            put(done.environment, { environment, secret }, writing.key, value),
            ({ environment, outcome }) => ({
              environment,
              outcomes: new Map(done.outcomes).set(secret, outcome)
            })
          )
        )
      const planned = yield* putAll(writing.environment)
      const replaced = withOutcome(planned.outcomes, "updated")
      if (replaced.length > 0 && !(yield* consent(replaced))) return yield* new Declined()
      let { outcomes } = planned
      yield* writeEnvironment(environment, writing, (current) =>
        Effect.gen(function* () {
          const done = yield* putAll(current)
          const unagreed = withOutcome(done.outcomes, "updated").filter((name) => !replaced.includes(name))
          if (unagreed.length > 0) return yield* new SecretsFileChanged({ environment })
          outcomes = done.outcomes
          return done.environment
        })
      )
      return { outcomes, created: writing.isNew }
    })
  )
})

const noOutcomes: ReadonlyMap<SecretName, PutOutcome> = new Map()

export const withOutcome = (
  outcomes: ReadonlyMap<SecretName, PutOutcome>,
  wanted: PutOutcome
): ReadonlyArray<SecretName> => [...outcomes].flatMap(([name, outcome]) => (outcome === wanted ? [name] : []))
