import * as Effect from "effect/Effect"
import { refreshTypes } from "../../programs/typegen.ts"
import { say } from "./output.ts"

/** After a command that changed names. It is done, so what fails here is a warning. */
export const refreshed = Effect.gen(function* () {
  const { changed, failures } = yield* refreshTypes()
  for (const path of changed) yield* say(`Updated ${path}`)
  for (const { message } of failures) yield* say(`warning: Types were not updated. ${message}`)
})
