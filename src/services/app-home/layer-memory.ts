import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AppName } from "../../domain/app/app-name.ts"
import { AppHome, type Home } from "./app-home.ts"

/** Folder names that do not exist, and one user for all apps. */
export const layerMemory: Layer.Layer<AppHome> = Layer.sync(AppHome, () => {
  const homes = new Map<AppName, Home>()
  return {
    of: (app) =>
      Effect.sync(() => {
        const home = { directory: `/files/${app}`, isUserExclusive: false, listensAs: 1000 }
        homes.set(app, home)
        return home
      }),
    all: Effect.sync(() => [...homes.values()]),
    obstacle: () => Effect.succeed(undefined)
  }
})
