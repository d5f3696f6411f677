import * as Layer from "effect/Layer"
import * as Signals from "../services/signals/layer.ts"
import * as Stdio from "../services/stdio/layer.ts"
import { main } from "./cli/main.ts"
import { root } from "./cli/root.ts"
import { version } from "./version.ts"

main(root, { version, streams: Layer.merge(Stdio.layer, Signals.layer), services: Layer.empty })
