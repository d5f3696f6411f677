import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Home } from "../../../src/services/home/home.ts"
import { layer } from "../../../src/services/key-cache/layer.ts"

/** A Home whose folders are both this one. */
export const homeIn = (folder: string) => Layer.succeed(Home, { data: folder, config: folder })

/** Provides the real key cache with this folder as TAKO_HOME. */
export const provideIn = (folder: string) => Effect.provide(Layer.provide(layer, homeIn(folder)))
