import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AppHome } from "./app-home.ts"

/** Folder names that do not exist, and one user for all apps. */
export const layerMemory: Layer.Layer<AppHome> = Layer.succeed(AppHome, {
  of: (app) => Effect.succeed({ directory: `/files/${app}`, listensAs: 1000 }),
  obstacle: () => Effect.succeed(undefined)
})
