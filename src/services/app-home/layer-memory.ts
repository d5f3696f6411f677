import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AppHome } from "./app-home.ts"

/** Names of folders that nobody makes, and one user for all. */
export const layerMemory: Layer.Layer<AppHome> = Layer.succeed(AppHome, {
  of: (app) => Effect.succeed({ directory: `/files/${app}`, listensAs: 1000 }),
  obstacle: () => Effect.succeed(undefined)
})
