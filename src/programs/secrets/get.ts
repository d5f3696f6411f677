import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Place } from "../../services/cipher/cipher.ts"
import { openEnvironment } from "../environment/open.ts"

/** One value of an environment that opens as a whole. */
export const get = Effect.fn("get")(function* ({ environment, secret }: Place) {
  const values = yield* openEnvironment(environment, [secret])
  return values.get(secret) as Redacted.Redacted<string>
})
