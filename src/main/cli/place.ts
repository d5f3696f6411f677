import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { FileFailed } from "../../domain/errors/secrets-file.ts"
import type { Place } from "../../services/project/layer.ts"
import { Globals } from "./globals.ts"

/** Where the command was started, and the tako.toml that --config names. */
const place: Effect.Effect<Place, FileFailed, Globals> = Effect.gen(function* () {
  const { config } = yield* Globals
  const directory = yield* Effect.try({
    try: () => process.cwd(),
    catch: () => new FileFailed({ operation: "read", path: "the current directory", code: "ENOENT" })
  })
  return Option.match(config, { onNone: () => ({ directory }), onSome: (config) => ({ directory, config }) })
})

/** Layers of the place where the command was started. */
export const here = <A, E, R>(layers: (place: Place) => Layer.Layer<A, E, R>) =>
  Layer.unwrapEffect(Effect.map(place, layers))
