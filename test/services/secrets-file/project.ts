import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ProjectLayer from "../../../src/services/project/layer-memory.ts"
import { layer } from "../../../src/services/secrets-file/layer.ts"

/** Provides the real secrets file of a project in this folder. */
export const secretsFileIn = (root: string) =>
  Layer.provide(layer, ProjectLayer.layerMemory({ root })).pipe(Layer.orDie)

export const provideIn = (root: string) => Effect.provide(secretsFileIn(root))
