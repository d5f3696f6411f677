import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AppHome } from "./app-home.ts"

/** Names of folders that nobody makes. */
export const layerMemory: Layer.Layer<AppHome> = Layer.succeed(AppHome, {
  of: (app) => Effect.succeed({ directory: `/files/${app}` }),
  obstacle: () => Effect.succeed(undefined)
})
