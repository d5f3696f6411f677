import * as Layer from "effect/Layer"
import { Home } from "./home.ts"

/** The default folders of a user on Linux. */
export const layerMemory: Layer.Layer<Home> = Layer.succeed(Home, {
  data: "/home/user/.local/share/tako",
  config: "/home/user/.config/tako"
})
