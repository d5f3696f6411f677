import * as Layer from "effect/Layer"
import * as Signals from "../services/signals/layer.ts"
import * as Stdio from "../services/stdio/layer.ts"
import { main } from "./cli/main.ts"
import { root } from "./cli/root.ts"
import { version } from "./version.ts"

/** For the launcher, which keeps compiled code for the commands that are used. */
export const commandsRun: Array<string> = []

main(root, {
  version,
  streams: Layer.merge(Stdio.layer, Signals.layer),
  services: Layer.empty,
  onCommand: (name) => commandsRun.push(name)
})
