import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { checkValue } from "../../domain/sealed-value.ts"
import type { Place } from "../../services/cipher/cipher.ts"
import { retryIfRotated } from "../environment/read.ts"
import { type PutOutcome, put, writeEnvironment, writingKey } from "../environment/write.ts"

/**
 * Seals a value and writes it to the file. The key is found and verified before the value is asked for. A value that has
 * not changed keeps its blob.
 */
export const set = Effect.fn("set")(function* <E, R>(
  place: Place,
  value: Effect.Effect<Redacted.Redacted<string>, E, R>,
  options: { readonly allowEmpty: boolean }
) {
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const writing = yield* retryIfRotated(place.environment, (environments) =>
        writingKey(place.environment, environments, [place.secret])
      )
      const checked = yield* Effect.flatMap(value, (value) => checkValue(value, options))
      let outcome: PutOutcome = "unchanged"
      yield* writeEnvironment(place.environment, writing, (current) =>
        Effect.map(put(current, place, writing.key, checked), (done) => {
          outcome = done.outcome
          return done.environment
        })
      )
      return { outcome: outcome as PutOutcome, created: writing.isNew }
    })
  )
})
