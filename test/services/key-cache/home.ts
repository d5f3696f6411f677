import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Home } from "../../../src/services/home/home.ts"
import { layer } from "../../../src/services/key-cache/layer.ts"

/** The folder as TAKO_HOME. */
export const homeIn = (folder: string) => Layer.succeed(Home, { data: folder, config: folder })

/** The real key cache with this folder as TAKO_HOME. */
export const provideIn = (folder: string) => Effect.provide(Layer.provide(layer, homeIn(folder)))
