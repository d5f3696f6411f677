import * as Layer from "effect/Layer"
import { Home } from "./home.ts"

/** A user's folders as Linux has them. */
export const layerMemory: Layer.Layer<Home> = Layer.succeed(Home, {
  data: "/home/user/.local/share/tako",
  config: "/home/user/.config/tako"
})
