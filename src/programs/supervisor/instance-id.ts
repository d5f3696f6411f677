import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

const letters = "abcdefghijklmnopqrstuvwxyz0123456789"

/** Eight characters that tell one instance from another; nothing is kept secret by them. */
export const newInstanceId: Effect.Effect<string> = Effect.map(
  Effect.replicateEffect(Random.nextIntBetween(0, letters.length), 8),
  (indices) => indices.map((index) => letters[index]).join("")
)
