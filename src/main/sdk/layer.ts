import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SdkSources } from "../../services/sdk-sources/sdk-sources.ts"

/** The texts that this tako was built with. */
export const layer: Layer.Layer<SdkSources> = Layer.succeed(SdkSources, {
  typescript: Effect.promise(async () => (await import("./runtime.ts?raw")).default),
  go: Effect.promise(async () => (await import("./go/tako_secrets.go?raw")).default)
})
