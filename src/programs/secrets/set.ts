import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Value from "../../domain/value.ts"
import type { Place } from "../../services/cipher/cipher.ts"
import { settled } from "../environment/settled.ts"
import { writeEnvironment, writingKey } from "../environment/writing.ts"
import { type PutOutcome, put } from "./put.ts"

/**
 * Seals a value and puts it into the file. The key is found and verified first, then the value is asked for, then the
 * file is written once. A value that is there already keeps its blob.
 */
export const set = Effect.fn("set")(function* <E, R>(
  place: Place,
  value: Effect.Effect<Redacted.Redacted<string>, E, R>,
  options: { readonly allowEmpty: boolean }
) {
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const writing = yield* settled(place.environment, (environments) =>
        writingKey(place.environment, environments, [place.secret])
      )
      const checked = yield* Effect.flatMap(value, (value) => Value.check(value, options))
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
