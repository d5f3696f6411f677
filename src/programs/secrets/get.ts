import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Place } from "../../services/cipher/cipher.ts"
import { openEnvironment } from "../environment/open.ts"

/** One value. Fails unless the whole environment opens. */
export const get = Effect.fn("get")(function* ({ environment, secret }: Place) {
  const values = yield* openEnvironment(environment, [secret])
  return values.get(secret) as Redacted.Redacted<string>
})
