import * as Layer from "effect/Layer"
import { foldersOf } from "./folders.ts"
import { Home } from "./home.ts"

/** The folders that these environment variables name. */
export const layerOf = (
  variables: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform
): Layer.Layer<Home> => Layer.sync(Home, () => foldersOf(variables, platform))

export const layer: Layer.Layer<Home> = layerOf(process.env)
