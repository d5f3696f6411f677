import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SdkSources } from "./sdk-sources.ts"

/** Texts short enough to compare whole. */
export const layerMemory: Layer.Layer<SdkSources> = Layer.succeed(SdkSources, {
  typescript: Effect.succeed("export function loadSecrets<T extends object>(): T {\n  return {} as T\n}\n"),
  go: Effect.succeed("package main\n\n// tako:names begin\n\nvar Secrets struct{}\n\n// tako:names end\n")
})
